"""Row filters that mean something are read as they are written."""

import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.custom import Setting
from lakehouse.contracts.odcs.row_filter import row_filter
from lakehouse.contracts.violations import Violations

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
    violations = Violations("f")
    assert row_filter(Setting(predicate, ("customProperties",)), COLUMNS, violations=violations) == predicate
    assert violations.found == []


def test_no_filter() -> None:
    assert row_filter(None, COLUMNS, violations=Violations("f")) == ""


def test_a_column_that_does_not_compare_is_refused() -> None:
    violations = Violations("f")
    row_filter(Setting("tags = 'a'", ("customProperties",)), COLUMNS, violations=violations)
    assert [violation.problem for violation in violations.found] == ["'tags' is a list<string>"]


def test_spaces_within_a_text_are_part_of_it() -> None:
    violations = Violations("f")
    assert (
        row_filter(Setting(" country = 'New  York'\n", ()), COLUMNS, violations=violations) == "country = 'New  York'"
    )
