"""Run dbt with one cache of botocore's JSON files for all threads; takes the arguments of `dbt`.

dbt-athena opens a boto3 session for every model and test, and each session reads megabytes of JSON, one thread at a
time. That takes half of the processor time of a run. The files are constants of the installed botocore, so it is
enough to read them once.
"""

from functools import cache

from botocore.loaders import JSONFileLoader
from dbt.cli.main import cli

read = cache(JSONFileLoader().load_file)


def load_file(_: JSONFileLoader, file_path: str) -> object:
    """Return the content of a JSON file from the cache; replaces `JSONFileLoader.load_file`."""
    return read(file_path)


if __name__ == "__main__":
    JSONFileLoader.load_file = load_file
    cli()
