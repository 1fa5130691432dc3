"""The command line connects to a source with the account of its secret."""

import pytest

from lakehouse.engine.source_secret import connection_settings


@pytest.mark.parametrize(
    ("host", "mode"), [("127.0.0.1", "prefer"), ("localhost", "prefer"), ("db.acme.com", "require")]
)
def test_beyond_this_machine_it_requires_tls(host: str, mode: str) -> None:
    members = {"host": host, "port": 5432, "username": "reader", "password": "s", "dbname": "shop"}
    expected = {"host": host, "port": 5432, "user": "reader", "password": "s", "sslmode": mode}
    assert connection_settings(members) == expected
