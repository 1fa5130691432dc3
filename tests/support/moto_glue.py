"""AWS Glue and S3 in this process, by moto's HTTP server: Arrow's S3 client cannot be patched in process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.responses import GlueResponse
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run it on a free port of 127.0.0.1; gives the AWS variables that lead there."""
    GlueResponse.update_table = _update_table
    GlueResponse.batch_get_table_optimizer = _batch_get_table_optimizer
    GlueResponse.create_table_optimizer = GlueResponse.update_table_optimizer = _put_table_optimizer
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
    finally:
        moto.stop()


def _update_table(self: GlueResponse) -> EmptyResult:
    """moto ignores `VersionId`, by which Iceberg learns that it lost a race: commits would vanish silently."""
    database, table = self.parameters["DatabaseName"], self.parameters["TableInput"]
    expected = self.parameters.get("VersionId")
    current = self.glue_backend.get_table(database, table["Name"])._current_version
    if expected is not None and str(current) != expected:
        raise JsonRESTError("ConcurrentModificationException", f"expected version {expected}, current is {current}")
    self.glue_backend.update_table(database, table["Name"], table)
    return EmptyResult()


def _batch_get_table_optimizer(self: GlueResponse) -> ActionResult:
    """moto has no table optimizers; what was put is given back, until moto is reset."""
    missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "no such optimizer"}
    found, failures = [], []
    for entry in self.parameters["Entries"]:
        configuration = _optimizers(self).get((entry["databaseName"], entry["tableName"], entry["type"]))
        if configuration is None:
            failures.append(entry | {"error": missing})
        else:
            found.append(entry | {"tableOptimizer": {"type": entry["type"], "configuration": configuration}})
    return ActionResult({"TableOptimizers": found, "Failures": failures})


def _put_table_optimizer(self: GlueResponse) -> EmptyResult:
    given = self.parameters
    table = (given["DatabaseName"], given["TableName"])
    self.glue_backend.get_table(*table)
    _optimizers(self)[(*table, given["Type"])] = given["TableOptimizerConfiguration"]
    return EmptyResult()


def _optimizers(self: GlueResponse) -> dict[tuple[str, str, str], dict[str, Any]]:
    kept: dict[tuple[str, str, str], dict[str, Any]] = self.glue_backend.__dict__.setdefault("optimizers", {})
    return kept
