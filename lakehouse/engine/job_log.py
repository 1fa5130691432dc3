"""What a job prints."""

import logging
import sys


def log_to_output(run_id: str) -> None:
    """Print what the lakehouse logs, and warnings of others, each line with the run that it is of."""
    shape = f"%(asctime)s %(levelname)s run={run_id} %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format=shape, force=True)
    logging.getLogger("lakehouse").setLevel(logging.INFO)
