"""Glue job: move planned batches of one dataset, stage to raw."""

from lakehouse.moves import stage_to_raw
from lakehouse.moves.job import open_job
from lakehouse.names import Move

if __name__ == "__main__":
    stage_to_raw.run(open_job(Move.STAGE_TO_RAW))
