"""Whatever reads a folder of contracts parses each file once: with a thousand contracts it takes most of the time."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dags.planning import plans
from lakehouse.cli.commands.contracts import check_contracts, list_contracts
from lakehouse.cli.options import checked_contracts, contracts_of
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.odcs import document, reader
from tests.support.scale import datasets

READERS: dict[str, Callable[[str], Any]] = {
    "contracts check": check_contracts,
    "contracts list": list_contracts,
    "verbs about all datasets": checked_contracts,
    "verbs about one dataset": lambda folder: contracts_of(folder, [datasets.name_of(3)]),
    "the app": load_contracts,
    "the DAGs": lambda folder: plans(folder, []),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_each_contract_is_parsed_once(
    read: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets.write(tmp_path, 20)
    parsed: Counter[str] = Counter()
    parse = document.parse

    def counted(text: str, **options: Any) -> Any:
        parsed[text] += 1
        return parse(text, **options)

    monkeypatch.setattr(reader, "parse", counted)
    read(str(tmp_path))
    assert len(parsed) == 20
    assert set(parsed.values()) == {1}


def test_libyaml_reads_what_is_valid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PyYAML's own parser takes ten times as long; it only says what is wrong."""
    monkeypatch.setattr(document, "_PYTHON", None)
    assert len(load_contracts(datasets.write(tmp_path, 20))) == 20
