"""Engines as processes: each version of Apache Spark has an environment of its own, Sail is in this one.

python -m tests.support.spark.engines 4.1 -m pytest tests/integration/test_gates.py     runs that Python with the engine
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SPARKS = ("4.1", "3.5")
"""Versions that `make test-spark` sets up; see docs/engines.md for the Glue versions that they stand for."""


def python(engine: str) -> str:
    """Interpreter of `sail` or of a version of Spark."""
    return sys.executable if engine == "sail" else str(ROOT / f".venv-spark-{engine}/bin/python")


def environment(engine: str) -> dict[str, str]:
    """Variables of a process on that engine; those of AWS are not among them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    if engine == "sail":
        return own | {"LAKEHOUSE_ENGINE": "sail"}
    # The embedded AWS needs what is installed beside Sail.
    settings = {"SPARK_CONF_DIR": str(ROOT / "tests/spark/conf"), "LOCAL_PYTHON": sys.executable}
    return own | {"LAKEHOUSE_ENGINE": "spark", "AWS_EC2_METADATA_DISABLED": "true"} | settings


if __name__ == "__main__":
    interpreter = python(sys.argv[1])
    os.execve(interpreter, [interpreter, *sys.argv[2:]], environment(sys.argv[1]))  # noqa: S606
