"""Tables of windows: made and classified with those of their dataset, and made again if the windows change."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from pyiceberg.catalog import Catalog

from lakehouse.contracts.types import INT, TIMESTAMP
from lakehouse.errors import LakehouseError
from lakehouse.governance import tags
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.windows.model import Shape
from tests.support.contract_builders import column, contract
from tests.support.repository import CONTRACTS
from tests.support.windows.histories import windows

PATH = CONTRACTS / "sales" / "orders.odcs.yaml"  # only published, not read
VIEWS = replace(
    contract(
        column("time", TIMESTAMP, required=True),
        column("key", classification="internal"),
        column("value", INT, classification="public"),
    ),
    path=str(PATH),
    windows=windows(Shape.SESSION, 60),
)
NAMES = ("orders_panes", "orders_too_late", "orders_window_state", "orders_windows")


def test_they_are_made_with_the_dataset(lake: Catalog, names: Names) -> None:
    migrations.apply(lake, [VIEWS], names)
    glue: Any = boto3.client("glue")
    tables = glue.get_tables(DatabaseName=names.database(Zone.INTEGRATION))["TableList"]
    assert {table["Name"] for table in tables} == {"orders", *NAMES}
    assert migrations.plan(lake, [VIEWS], names) == []


def test_other_windows_need_other_panes(lake: Catalog, names: Names) -> None:
    migrations.apply(lake, [VIEWS], names)
    longer = replace(VIEWS, windows=windows(Shape.SESSION, 90))
    with pytest.raises(LakehouseError, match=r"(?s)session of 0:01:00 on .* name the dataset orders_v2") as refused:
        migrations.apply(lake, [longer], names)
    assert "In place: after review, drop the table" in str(refused.value)
    for name in NAMES[:3]:
        lake.drop_table((names.database(Zone.INTEGRATION), name))
    migrations.apply(lake, [longer], names)
    assert migrations.plan(lake, [longer], names) == []


def test_a_column_is_as_confidential_as_what_it_shows(names: Names) -> None:
    tagged = {table.name: table for table in tags.of_contracts([VIEWS], names=names)}
    assert tagged.keys() == {"orders", *NAMES}
    columns = tagged["orders_windows"].columns
    assert (columns["key"], columns["total"], columns["window_end"]) == ("internal", "public", "internal")
    assert tagged["orders_window_state"].columns["content"] == "restricted"  # the time has no classification
