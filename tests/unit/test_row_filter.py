"""Row filters that mean something are read as they are written."""

import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.odcs.row_filter import row_filter
from lakehouse.contracts.violations import Faults

COLUMNS = [
    Column(name=name, source_name=name, type=type_)
    for name, type_ in {"country": types.STRING, "sold": types.DATE, "tags": types.list_of(types.STRING)}.items()
]


@pytest.mark.parametrize(
    "predicate",
    [
        "country = 'France'",
        "country IN ('Spain', 'Côte d''Ivoire') and not (sold is null)",
        "sold BETWEEN date '2020-01-01' AND date '2021-01-01' OR country like 'U%'",
        "country <> '; drop table --'",
    ],
)
def test_predicates(predicate: str) -> None:
    faults = Faults("f")
    assert row_filter(Setting(predicate, ("customProperties",)), COLUMNS, faults=faults) == predicate
    assert faults.found == []


def test_no_filter() -> None:
    assert row_filter(None, COLUMNS, faults=Faults("f")) == ""


def test_a_column_that_does_not_compare_is_refused() -> None:
    faults = Faults("f")
    row_filter(Setting("tags = 'a'", ("customProperties",)), COLUMNS, faults=faults)
    assert [fault.problem for fault in faults.found] == ["'tags' is a list<string>"]


def test_spaces_within_a_text_are_part_of_it() -> None:
    faults = Faults("f")
    assert row_filter(Setting(" country = 'New  York'\n", ()), COLUMNS, faults=faults) == "country = 'New  York'"
