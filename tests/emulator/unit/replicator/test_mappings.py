import json
from typing import Any

import pytest

from emulator.replicator.mappings import MappingError, parse


def selection(schema: str, table: str, action: str = "include", **more: Any) -> dict[str, Any]:
    locator = {"schema-name": schema, "table-name": table}
    return {"rule-type": "selection", "rule-id": "7", "object-locator": locator, "rule-action": action, **more}


def added_column(expression: str, table: str = "%") -> dict[str, Any]:
    return {
        "rule-type": "transformation",
        "rule-id": "8",
        "rule-name": "eight",
        "rule-target": "column",
        "object-locator": {"schema-name": "%", "table-name": table},
        "rule-action": "add-column",
        "value": "seq",
        "expression": expression,
    }


def rules(*some: dict[str, Any]) -> str:
    return json.dumps({"rules": some})


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("orders", ["orders"], ["order", "orders2", "Orders"]),
        ("order%", ["order", "orders", "order_items"], ["reorder"]),
        ("%", ["a", "any.thing"], []),
        ("order_items", ["order_items", "orderXitems"], ["orderitems"]),
        ("order[_]items", ["order_items"], ["orderXitems"]),
        ("t[ab]", ["ta", "tb"], ["tc", "t[ab]"]),
        ("t[a-c]1", ["tb1"], ["td1"]),
        ("a.b(c)*", ["a.b(c)*"], ["aXb(c)*"]),
    ],
)
def test_patterns(pattern: str, matching: list[str], other: list[str]) -> None:
    mappings = parse(rules(selection("public", pattern)))
    selected = mappings.select([("public", name) for name in [*matching, *other]])
    assert [name for _, name in selected] == matching


def test_an_excluded_table_is_not_selected_whatever_includes_it() -> None:
    mappings = parse(rules(selection("%", "%"), selection("public", "log%", "exclude"), selection("public", "log")))
    tables = [("public", "log"), ("public", "log_old"), ("public", "orders"), ("other", "log")]
    assert mappings.select(tables) == [("public", "orders"), ("other", "log")]


def test_the_change_sequence_goes_to_the_tables_that_a_rule_names() -> None:
    mappings = parse(rules(selection("%", "%"), added_column("$AR_H_CHANGE_SEQ", "orders")))
    assert mappings.change_sequence("public", "orders") == "seq"
    assert mappings.change_sequence("public", "items") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "must be JSON"),
        ("[]", "must be JSON"),
        (rules(), "at least one selection rule"),
        (rules(selection("a", "b", "exclude")), "at least one selection rule"),
        (rules(selection("a", "b", "explicit")), "rule 7 .* selection rules with the action explicit"),
        (rules(selection("a", "b", filters=[{"filter-type": "source"}])), "rule 7 .* row filters"),
        (rules(selection("a", "b"), added_column("$AR_H_USER")), r"rule 8 \(eight\).* an expression other than"),
        (rules(selection("a", "b") | {"object-locator": {}}), "rule 7: object-locator needs"),
        (rules(selection("a", "b"), {**selection("a", "b"), "rule-type": "table-settings"}), "table-settings rules"),
    ],
)
def test_faults_name_their_rule(text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        parse(text)
