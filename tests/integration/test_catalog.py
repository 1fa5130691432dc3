"""What PyIceberg commits through Glue."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from lakehouse.engine import catalog
from lakehouse.maintenance.rewriting import rewrite
from tests.support.moves.lake import ACCOUNTS, Lake, batch


def _append(table: Table) -> None:
    table.append(table.scan().to_arrow())


def _rewrite(table: Table) -> None:
    rewrite(table, [list(table.scan().plan_files())])


def _refused_after(work: Callable[..., Any], glue: Any, *_: Any, **request: Any) -> None:
    work(**request)
    raise glue.exceptions.ConcurrentModificationException({"Error": {"Code": "it was sent again"}}, "UpdateTable")


@pytest.mark.parametrize(("commit", "rows"), [(_append, 4), (_rewrite, 2)])
def test_a_commit_whose_answer_was_lost_is_a_commit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, commit: Callable[[Table], None], rows: int
) -> None:
    contract = replace(ACCOUNTS, dataset=f"answer_lost{commit.__name__}")
    lake.create(contract)
    records = [{"id": 1, "amount": 1}, {"id": 2, "amount": 2}]
    origin = {"_batch_id": batch(contract, 1), "_source_file": "s3://stage/1", "_source_row": 1}
    lake.receive(contract, [record | origin for record in records])
    opened = catalog.load()
    assert isinstance(opened, GlueCatalog)
    table = opened.load_table(lake.raw(contract).name())

    update = opened.glue.update_table
    monkeypatch.setattr(opened.glue, "update_table", partial(_refused_after, update, opened.glue))
    commit(table)

    assert len(lake.raw(contract).scan().to_arrow()) == rows
    assert len(lake.raw(contract).snapshots()) == 2


def test_a_commit_that_was_refused_is_none(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = replace(ACCOUNTS, dataset="refused_commit")
    lake.create(contract, **{"commit.retry.num-retries": "0"})
    opened = catalog.load()
    assert isinstance(opened, GlueCatalog)
    table = opened.load_table(lake.raw(contract).name())

    monkeypatch.setattr(opened.glue, "update_table", partial(_refused_after, dict, opened.glue))
    with pytest.raises(CommitFailedException):
        table.append(table.scan().to_arrow())

    assert lake.raw(contract).snapshots() == []
