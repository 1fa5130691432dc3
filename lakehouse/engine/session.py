"""The Spark session of every job: one function, three engines, one dialect (UTC, the Glue catalog by default)."""

import os
import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lakehouse.engine import aws_retries
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CATALOG = "glue_catalog"
ENGINES = ("sail", "spark", "glue")

ICEBERG = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.defaultCatalog": CATALOG,
    f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
    f"spark.sql.catalog.{CATALOG}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
    f"spark.sql.catalog.{CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    # A table that is remembered is as old as when it was first looked at: a lost race could not be run again on the
    # state that won.
    f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
}
"""Settings of Apache Spark, whoever runs it: a Glue job gets them as `--conf`, a local session here.

Source: Iceberg docs, "Spark Configuration" and "AWS Integrations".
"""


def engine() -> str:
    """The engine that `LAKEHOUSE_ENGINE` names: `sail` (default), `spark` or `glue`.

    Raises:
        LakehouseError: the engine is unknown.
    """
    named = os.environ.get("LAKEHOUSE_ENGINE", "sail")
    if named not in ENGINES:
        raise LakehouseError(f"LAKEHOUSE_ENGINE is '{named}': expected one of {', '.join(ENGINES)}")
    return named


@cache
def spark() -> "SparkSession":
    """Return this process's session on the engine that `LAKEHOUSE_ENGINE` names (default `sail`).

    `sail` runs a Spark Connect server inside this process and needs no JVM, `spark` is a local Apache Spark with
    Iceberg on its class path, `glue` takes the session as the job's arguments configured it. On each of them a
    table is `database.table` in the Glue catalog of AWS_REGION, at AWS_ENDPOINT_URL when that is set.

    Raises:
        LakehouseError: the engine is unknown, or lacks a part that must be installed first.
    """
    session = {"sail": _sail, "spark": _spark, "glue": _glue}[engine()]()
    # The same data must give the same rows everywhere: casts between text and timestamps depend on the zone, and
    # whether 1/0 or a cast that fails is an error or null depends on ANSI, which Spark 3.5 leaves off.
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.ansi.enabled", "true")
    return session


def engine_errors() -> tuple[type[Exception], ...]:
    """What an engine raises when it cannot do what it is asked to.

    Spark 3.5 hands on what fails in a task as Java's exception.
    """
    from pyspark.errors import PySparkException

    if find_spec("py4j") is None:
        return (PySparkException,)
    from py4j.protocol import Py4JJavaError  # type: ignore[import-not-found]

    return (PySparkException, Py4JJavaError)


def _region() -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise LakehouseError("no AWS region: set AWS_REGION, for example AWS_REGION=eu-central-1")
    return region


def _sail() -> "SparkSession":
    server = _sail_server()
    _, port = server.listening_address
    from pyspark.sql import SparkSession

    session: SparkSession = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    return session


@cache  # The server lives as long as something refers to it: this cache, hence the process.
def _sail_server() -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    at = f', endpoint_url="{endpoint}"' if endpoint else ""
    # Sail reads its configuration from the environment when the server is made.
    os.environ.setdefault("RUST_LOG", ",".join(("error", *aws_retries.RUST_RETRIES)))
    os.environ["SAIL_CATALOG__LIST"] = f'[{{type="glue", name="{CATALOG}", region="{_region()}"{at}}}]'
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = CATALOG
    if endpoint and endpoint.startswith("http://"):
        os.environ["AWS_ALLOW_HTTP"] = "true"  # its S3 client refuses plain HTTP otherwise
    try:
        from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
    except ImportError as missing:
        raise LakehouseError(
            "engine sail needs pysail and pyspark-client: pip install 'lakehouse[local]', "
            "or set LAKEHOUSE_ENGINE to spark or glue"
        ) from missing
    server = SparkConnectServer(port=0)
    server.start(background=True)
    return server


def _spark() -> "SparkSession":
    from pyspark.sql import SparkSession

    if find_spec("py4j") is None:
        raise LakehouseError(
            "engine spark needs Apache Spark itself, but pyspark-client is installed, which only talks to a server: "
            "install pyspark of the same version in an environment of its own, or set LAKEHOUSE_ENGINE=sail"
        )
    # Workers would be the first `python3` on PATH, which may be another one, with other libraries.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Iceberg's AWS client finds AWS_ENDPOINT_URL by itself, but no AWS_DEFAULT_REGION.
    settings: dict[str, bool | float | int | str | None] = {
        **ICEBERG,
        f"spark.sql.catalog.{CATALOG}.client.region": _region(),
    }
    session = SparkSession.builder.master("local[*]").config(map=settings).getOrCreate()
    implementation = ICEBERG[f"spark.sql.catalog.{CATALOG}"]
    try:
        session.sparkContext._jvm.java.lang.Class.forName(implementation)
    except Exception as missing:
        raise LakehouseError(
            f"engine spark lacks Iceberg ({implementation} is not on its class path): put iceberg-spark-runtime and "
            "iceberg-aws-bundle of its version among the jars of pyspark, as tests/support/spark/jars.py does"
        ) from missing
    return session


def _glue() -> "SparkSession":
    from pyspark.sql import SparkSession

    # The job's `--conf` names the catalog (stacks/ writes it): a session made here would hide a job that lacks it.
    session: SparkSession = SparkSession.builder.getOrCreate()
    if session.conf.get("spark.sql.defaultCatalog", "") != CATALOG:
        raise LakehouseError(
            f"engine glue expects the job argument --conf spark.sql.defaultCatalog={CATALOG} with that catalog's "
            "Iceberg settings (AWS Glue developer guide, 'Using the Iceberg framework')"
        )
    return session
