"""Run dbt, then publish the models that passed their tests; takes the arguments of `dbt`.

All threads share one cache of botocore's JSON files.

dbt-athena opens a boto3 session for every model and test, and each session reads megabytes of JSON, one thread at a
time. That takes half of the processor time of a run. The files are constants of the installed botocore, so it is
enough to read them once.
"""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread

from botocore.loaders import JSONFileLoader
from dbt.cli.main import cli
from publication.before import note

COMPLETE = (0, 1)
"""Exit codes of dbt after a run: all succeeded, or something failed. With 2 dbt itself failed."""

read = cache(JSONFileLoader().load_file)


def load_file(_: JSONFileLoader, file_path: str) -> object:
    """Return the content of a JSON file from the cache; replaces `JSONFileLoader.load_file`."""
    return read(file_path)


def main(arguments: list[str]) -> object:
    """Run dbt; a `build` with `--target-path` is published. Return dbt's exit code."""
    target = before = None
    if arguments[:1] == ["build"] and "--target-path" in arguments:
        target = Path(arguments[arguments.index("--target-path") + 1])
        before = note(target)
        # PyIceberg takes seconds to import, in which dbt mostly waits for Athena.
        Thread(target=import_module, args=("publication.run",), daemon=True).start()
    try:
        cli()
    except SystemExit as end:
        if target and before is not None and end.code in COMPLETE and (target / "run_results.json").exists():
            import_module("publication.run").publish(target, before)
        return end.code
    return 0


if __name__ == "__main__":
    JSONFileLoader.load_file = load_file
    sys.exit(main(sys.argv[1:]))
