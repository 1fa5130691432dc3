"""dbt, whose threads share what botocore knows of AWS. Takes the arguments of `dbt`, runs in its environment.

dbt-athena opens a boto3 session for every model and test, and each session reads megabytes of JSON, one thread at a
time: half of a run's processor time. The files are constants of the installed botocore, so one reading serves all.
"""

from functools import cache

from botocore.loaders import JSONFileLoader
from dbt.cli.main import cli

read = cache(JSONFileLoader().load_file)


def load_file(_: JSONFileLoader, file_path: str) -> object:
    """Take the place of `JSONFileLoader.load_file`."""
    return read(file_path)


if __name__ == "__main__":
    JSONFileLoader.load_file = load_file
    cli()
