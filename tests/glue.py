"""AWS Glue and S3 in this process, by moto's HTTP server: Arrow's S3 client cannot be patched in process."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.core.exceptions import JsonRESTError
from moto.core.responses import EmptyResult
from moto.glue.responses import GlueResponse
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run it on a free port of 127.0.0.1; gives the AWS variables that lead there."""
    GlueResponse.update_table = _update_table
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
