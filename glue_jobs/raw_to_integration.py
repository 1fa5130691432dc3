"""Glue job: move planned batches of one dataset, raw to integration."""

from lakehouse.moves import raw_to_integration
from lakehouse.moves.job import open_job
from lakehouse.names import Move

if __name__ == "__main__":
    raw_to_integration.run(open_job(Move.RAW_TO_INTEGRATION))
