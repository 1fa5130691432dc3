"""The Spark session of all jobs, on three engines with the same settings (UTC, ANSI, Glue as default catalog)."""

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
    # A cached table stays in the state of its first use, so after a commit conflict the work could not be done again
    # on the new state.
    f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
}
"""Settings of Apache Spark: a Glue job gets them as `--conf`, a local session gets them here.

Source: Iceberg docs, "Spark Configuration" and "AWS Integrations".
"""


def engine() -> str:
    """Return the engine from `LAKEHOUSE_ENGINE`: `sail` (default), `spark` or `glue`.

    Raises:
        LakehouseError: the engine is unknown.
    """
    name = os.environ.get("LAKEHOUSE_ENGINE", "sail")
    if name not in ENGINES:
        raise LakehouseError(f"LAKEHOUSE_ENGINE is '{name}': expected one of {', '.join(ENGINES)}")
    return name


@cache
def spark() -> "SparkSession":
    """Return this process's session on the engine from `LAKEHOUSE_ENGINE` (default `sail`).

    `sail` runs a Spark Connect server in this process and needs no JVM. `spark` is a local Apache Spark with Iceberg on
    its class path. `glue` uses the session that the job's arguments configure. On all of them a table is
    `database.table` in the Glue catalog of AWS_REGION, at AWS_ENDPOINT_URL if that is set.

    Raises:
        LakehouseError: the engine is unknown, or a part of it is not installed.
    """
    session = {"sail": _sail, "spark": _spark, "glue": _glue}[engine()]()
    # The same data must give the same rows everywhere: casts between text and timestamps depend on the zone, and
    # whether 1/0 or a cast that fails is an error or null depends on ANSI, which Spark 3.5 leaves off.
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.ansi.enabled", "true")
    return session


def engine_errors() -> tuple[type[Exception], ...]:
    """Return the types of exceptions that an engine raises when it cannot run a query.

    Spark 3.5 raises an error of a task as the exception of Java.
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


@cache  # The server runs as long as it is referenced: with this cache, as long as the process.
def _sail_server() -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    endpoint_option = f', endpoint_url="{endpoint}"' if endpoint else ""
    # Sail reads its configuration from the environment when the server is created.
    os.environ.setdefault("RUST_LOG", ",".join(("error", *aws_retries.RUST_RETRIES)))
    os.environ["SAIL_CATALOG__LIST"] = f'[{{type="glue", name="{CATALOG}", region="{_region()}"{endpoint_option}}}]'
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
            "install pyspark of the same version in a separate environment, or set LAKEHOUSE_ENGINE=sail"
        )
    # By default workers run the first `python3` on PATH, which may have other libraries.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Iceberg's AWS client reads AWS_ENDPOINT_URL, but not AWS_DEFAULT_REGION.
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

    # The job's `--conf` configures the catalog (see stacks/). To configure it here would hide that it is missing.
    session: SparkSession = SparkSession.builder.getOrCreate()
    if session.conf.get("spark.sql.defaultCatalog", "") != CATALOG:
        raise LakehouseError(
            f"engine glue expects the job argument --conf spark.sql.defaultCatalog={CATALOG} with that catalog's "
            "Iceberg settings (AWS Glue developer guide, 'Using the Iceberg framework')"
        )
    return session
