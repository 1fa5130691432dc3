"""Each violation is found where it stands, with what to do about it, and together with all the others."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.check import check
from lakehouse.contracts.odcs import document
from lakehouse.contracts.odcs.reader import read
from lakehouse.contracts.violations import Violation
from tests.support.examples import examples

CONTRACTS = Path(__file__).parents[3] / "contracts"
ORDERS = (CONTRACTS / "sales" / "orders.odcs.yaml").read_text()


def violations_of(text: str) -> list[Violation]:
    return read(text, path="contracts/sales/orders.odcs.yaml").violations


def assert_violation(violations: list[Violation], path: str, problem: str, remedy: str) -> None:
    found = [violation for violation in violations if violation.path == path]
    assert found, f"no violation at {path}, but {[str(violation) for violation in violations]}"
    assert problem in found[0].problem
    assert remedy in found[0].remedy


def changed(old: str, new: str) -> str:
    assert old in ORDERS
    return ORDERS.replace(old, new, 1)


def with_property(name: str, value: str) -> str:
    return changed("slaProperties:", f"  - {{property: {name}, value: {value}}}\nslaProperties:")


def with_options(type_: str, options: str) -> str:
    return changed("    quality:", f"      - {{name: x, {type_}, logicalTypeOptions: {{{options}}}}}\n    quality:")


@pytest.mark.parametrize("encoding", ["utf8x", "hex", "rot13", "undefined", "punycode", "idna"])
def test_an_encoding_is_one_of_text(encoding: str) -> None:
    text = (CONTRACTS / "sales" / "store_sales.odcs.yaml").read_text()
    assert "encoding: UTF-8" in text
    found = violations_of(text.replace("encoding: UTF-8", f"encoding: {encoding}"))
    assert_violation(found, "servers[0].encoding", f"encoding {encoding!r} does not exist", "utf-8")


def test_our_contracts_have_no_violations() -> None:
    assert check(CONTRACTS) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "problem", "remedy"),
    [
        ("property: ingest,", "property: ingset,", "[0].property", "'ingset'", "'ingest'"),
        ("value: cdc", "value: ccd", "[0].value", "'ccd' is unknown", "'cdc'"),
        ("property: ordering", "property: key", "[1].property", "'key'", "`primaryKey: true`"),
        ("property: ordering", "property: ingest", "[1].property", "given twice", "keep one"),
        ("property: ordering", "property: mayBeEmpty", "", "has no `ordering`", "[_change_seq]"),
        ("value: [_change_seq]", "value: 5", "[1].value", "no list of names", "[customer_id, sold_at]"),
        ("value: [_change_seq]", "value: []", "[1].value", "names no column", "grow with every change"),
        ("_change_seq", "_chang_seq", "[1].value[0]", "'_chang_seq' is no column", "'_change_seq'"),
        ("value: cdc", "value: append", "[1].value", "append keeps every record", "deduplicate: key"),
    ],
)
def test_custom_properties(old: str, new: str, path: str, problem: str, remedy: str) -> None:
    assert_violation(violations_of(changed(old, new)), f"customProperties{path}", problem, remedy)


@pytest.mark.parametrize(
    ("name", "value", "problem", "remedy"),
    [
        ("partitions", "day(ordered_at)", "not part of the key", "bucket(16, order_id)"),
        ("partitions", "dya(order_id)", "'dya' does not exist", "'day'"),
        ("partitions", "day(order_id)", "day of a long", "date, timestamptz"),
        ("partitions", "order_ids", "'order_ids' is no column", "'order_id'"),
        ("partitions", "bucket(order_id)", "no bucket partition", "bucket(16, order_id)"),
        ("partitions", '"bucket(0, order_id)"', "no bucket partition", "bucket(16, order_id)"),
        ("partitions", "order_id)", "no partition", "write such as"),
        ("deduplicate", "key", "cdc always merges by key", "remove"),
        ("mayBeEmpty", "sometimes", "neither true nor false", "unquoted"),
        ("schemaPolicy", "evolve", "'evolve' is unknown", "use one of additive, strict"),
        ("size", "lrage", "'lrage' is unknown", "'large'"),
        ("rowFilter", "7", "7 is no predicate", "country = 'France'"),
        ("rowFilter", "statsu = 'new'", "'statsu' is no column", "'status'"),
        ("rowFilter", "status = 'new", '"\'new" is not understood', "'texts'"),
        ("rowFilter", "status = 'new'; drop", "is not understood", "AND, OR"),
        ("rowFilter", "\"(status = 'new'\"", "do not match", "close"),
        ("rowFilter", "\"status = 'new')(\"", "do not match", "close"),
        ("rowFilter", "1 = 1", "names no column", "use order_id"),
    ],
)
def test_values_of_custom_properties(name: str, value: str, problem: str, remedy: str) -> None:
    assert_violation(violations_of(with_property(name, value)), "customProperties[2].value", problem, remedy)


@pytest.mark.parametrize(
    ("old", "new", "path", "problem", "remedy"),
    [
        ("version: 1.0.0", "vrsion: 1.0.0", "vrsion", "no field", "'version'"),
        ("version: 1.0.0", "version: 1.0.0\nversion: 2.0.0", "version", "given twice", "keep one"),
        ("version: 1.0.0", "version: 1.0", "version", "valid string, not 1.0", "quote it"),
        ("version: 1.0.0", "version: v1", "version", "is 'v1'", "major.minor.patch"),
        ("kind: DataContract", "kind: Contract", "kind", "'Contract'", "DataContract"),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.0", "apiVersion", "'v2.2.0'", "v3.1.0"),
        ("status: active\n", "", "status", "missing", "add it"),
        ("domain: sales", "domain: finance", "domain", "its folder is 'sales'", "move the file to finance/"),
        ("name: orders", "name: order", "schema[0].name", "is 'order'", "order.odcs.yaml"),
        ("name: orders", "name: Orders", "schema[0].name", "'Orders' is no name", "lower-case"),
        ("type: postgresql", "type: postgre", "servers[0].type", "'postgre'", "'postgres'"),
        ("schema: public", "catalog: x", "servers[0]", "has a schema", "add `schema`"),
        ("server: shop", "server: Shop DB", "servers[0].server", "'Shop DB' is no name", "lower-case"),
        ("server: shop", "prot: 1, server: shop", "servers[0].prot", "no field", "'port'"),
        ("unit: min", "unit: minits", "slaProperties[0].unit", "'minits' is no unit", "'minutes'"),
        ("value: 15", "value: soon", "slaProperties[0].value", "'soon' is no duration", "above 0"),
    ],
)
def test_heading_source_and_service_levels(old: str, new: str, path: str, problem: str, remedy: str) -> None:
    assert_violation(violations_of(changed(old, new)), path, problem, remedy)


@pytest.mark.parametrize(
    ("old", "new", "path", "problem", "remedy"),
    [
        ("required: true", "requird: true", "[1].requird", "no field", "'required'"),
        ("physicalType: bigint", "physicalType: bigin", "[0].physicalType", "'bigin' does not exist", "'bigint'"),
        ("physicalType: bigint", "physicalType: numeric", "[0].physicalType", "no precision", "decimal(18,2)"),
        ("physicalType: bigint", 'physicalType: "decimal(39,0)"', "[0].physicalType", "does not exist", "1 to 38"),
        ("physicalType: bigint", "physicalType: decimal(9,2)", "[0].2)", "no field", "quote a value that has a comma"),
        ("physicalType: bigint", "physicalType: text", "[0].physicalType", "text is no integer", "stored as string"),
        ("logicalType: integer", "logicalType: integr", "[0].logicalType", "'integr' does not exist", "'integer'"),
        ("logicalType: integer", "logicalType: vector", "[0].logicalType", "does not exist", "use one of string"),
        ("name: status", "name: _batch_id", "[2].name", "reserved", "begin with a letter"),
        ("name: status", "name: Status", "[2].name", "'Status'", "physicalName keeps the source's name"),
        ("name: status", "name: channel", "[3].name", "'channel' is there already", "rename"),
        ("name: status", "physicalName: channel, name: status", "[3].physicalName", "there already", "rename"),
        ("classification: confidential", "classification: top", "[1].classification", "'top'", "public, internal"),
        ("name: order_id,", "name: order_id, primaryKeyPosition: 2,", "[0].primaryKeyPosition", "[2]", "from 1 to 1"),
        ("name: status,", "name: status, primaryKeyPosition: 1,", "[2].primaryKeyPosition", "no key", "primaryKey"),
        ("primaryKey: true", "required: true", "", "has no key, but cdc needs one", "primaryKey: true"),
        ("to: customers.customer_id", "to: customers", "[1].relationships[0].to", "no column", "dataset.column"),
        ("name: status,", "name: status, enum: [{value: no}],", "[2].enum[0].value", "False is no text", "quote it"),
        ("name: status,", "name: status, customProperties: [{property: pii, value: 1}],", "[2].customProperties[0].property", "'pii'", "vendor"),  # noqa: E501
    ],
)  # fmt: skip
def test_columns(old: str, new: str, path: str, problem: str, remedy: str) -> None:
    assert_violation(violations_of(changed(old, new)), f"schema[0].properties{path}", problem, remedy)


@pytest.mark.parametrize(
    ("type_", "options", "option", "problem", "remedy"),
    [
        ("logicalType: string", "maxLenght: 3", ".maxLenght", "no option that is checked", "'maxLength'"),
        ("logicalType: string", "maxLength: -3", ".maxLength", "-3 can't be used", "whole number from 0"),
        ("logicalType: string", "pattern: '[a'", ".pattern", "can't be used", "RE2 regular expression"),
        ("logicalType: string", "pattern: '(?=a)'", ".pattern", "can't be used", "RE2 regular expression"),
        ("logicalType: string", "format: emial", ".format", "'emial'", "'email'"),
        ("physicalType: uuid", "format: email", ".format", "'email'", "already says uuid"),
        ("logicalType: string", "minLength: 3, maxLength: 2", "", "at least 3 and at most 2", "correct one"),
        ("logicalType: integer", "minimum: low", ".minimum", "'low'", "write a number"),
        ("logicalType: integer", "multipleOf: 0", ".multipleOf", "0 can't be used", "above 0"),
        ("logicalType: integer", "format: i31", ".format", "'i31' does not exist", "'i32'"),
        ("logicalType: date", "maximum: 2026-02-30", ".maximum", "can't be used", "day"),
        ("logicalType: date", "format: quarter", ".format", "can't be used", "yyyy-MM-dd"),
        ("logicalType: timestamp", "defaultTimezone: Europe/London", ".defaultTimezone", "London", "read as UTC"),
        ("logicalType: boolean", "minimum: 0", ".minimum", "no option that is checked for boolean", "quality rule"),
        ("logicalType: array, items: {logicalType: string}", "uniqueItems: true", ".uniqueItems", "no opt", "Items"),
    ],
)  # fmt: skip
def test_options(type_: str, options: str, option: str, problem: str, remedy: str) -> None:
    path = f"schema[0].properties[6].logicalTypeOptions{option}"

    assert_violation(violations_of(with_options(type_, options)), path, problem, remedy)


@pytest.mark.parametrize(
    ("inside", "path", "problem"),
    [
        ("required: true", "[0].required", "checked for columns only"),
        ("primaryKey: true", "[0].primaryKey", "checked for columns only"),
        ("logicalTypeOptions: {maxLength: 3}", "[0].logicalTypeOptions", "checked for columns only"),
    ],
)
def test_what_is_not_checked_inside_objects_is_refused(inside: str, path: str, problem: str) -> None:
    nested = f"      - {{name: x, logicalType: object, properties: [{{name: y, logicalType: string, {inside}}}]}}\n"

    violations = violations_of(changed("    quality:", f"{nested}    quality:"))

    assert_violation(violations, f"schema[0].properties[6].properties{path}", problem, "make the value a column")


@pytest.mark.parametrize(
    ("old", "new", "path", "problem", "remedy"),
    [
        ("metric: rowCount", "metric: rowcount", "[0].metric", "'rowcount' does not exist", "'rowCount'"),
        ("metric: rowCount", "metric: nullValues", "[0].metric", "about a column", "that property's quality"),
        ("metric: rowCount", "metric: duplicateValues", "[0]", "has no arguments", "properties"),
        (
            "metric: rowCount",
            "metric: duplicateValues, arguments: {properties: [order_ids]}",
            "[0].arguments.properties[0]",
            "'order_ids' is no column",
            "'order_id'",
        ),
        (
            "metric: rowCount",
            "metric: duplicateValues, arguments: {properties: 5}",
            "[0].arguments.properties",
            "5 is no list",
            "[a, b]",
        ),
        (
            "metric: rowCount",
            r"metric: invalidValues, arguments: {pattern: '^a\\\w'}",
            "[0].arguments.pattern",
            "can't be used",
            r"differ in \w",
        ),
        ("metric: rowCount", "type: custom", "[0].type", "can't be evaluated", "type sql"),
        ("mustBeGreaterThan: 0", "mustBeGreaterThen: 0", "[0].mustBeGreaterThen", "no field", "'mustBeGreaterThan'"),
        ("mustBeGreaterThan: 0", "description: x", "[0]", "has 0 comparisons", "exactly one"),
        ("mustBeGreaterThan: 0", "mustBe: many", "[0].mustBe", "no number", "compare with a number"),
        ("severity: warning", "severity: warn", "[1].severity", "'warn' is unknown", "'warning'"),
        ("FROM {table}", "FROM {tabel}", "[1].query", "{tabel}", "'table'"),
        ("name: updated_after_ordered", "name: has_orders", "[1]", "there already", "`name` of its own"),
    ],
)
def test_quality_rules(old: str, new: str, path: str, problem: str, remedy: str) -> None:
    assert_violation(violations_of(changed(old, new)), f"schema[0].quality{path}", problem, remedy)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("id: x\nname: [", 2, "is not YAML"),
        ("id: x\nname: a: b", 2, "is not YAML: mapping values are not allowed here"),
        ("", 1, "is no contract"),
        ("- 1", 1, "is no contract"),
        ('id: "\x01"', 1, "is not YAML"),
    ],
)
def test_text_that_is_no_contract_names_its_line(text: str, line: int, problem: str) -> None:
    [violation] = violations_of(text)

    assert (violation.line, violation.path) == (line, "")
    assert problem in violation.problem
    assert violation.remedy


def test_all_violations_of_a_document_are_found_at_once_with_their_lines() -> None:
    text = (
        ORDERS.replace("value: cdc", "value: ccd")
        .replace("name: status", "name: Status")
        .replace("unit: min", "unit: x")
    )

    found = [(violation.line, violation.path) for violation in sorted(violations_of(text))]

    assert found == [
        (number, path)
        for number, line in enumerate(text.splitlines(), start=1)
        for fragment, path in {
            "value: ccd": "customProperties[0].value",
            "unit: x": "slaProperties[0].unit",
            "name: Status": "schema[0].properties[2].name",
        }.items()
        if fragment in line
    ]


def test_violations_between_contracts(tmp_path: Path) -> None:
    write(tmp_path, "sales/orders.odcs.yaml", ORDERS.replace("customers.customer_id", "customers.customer"))
    write(tmp_path, "finance/orders.odcs.yaml", ORDERS.replace("domain: sales", "domain: finance"))
    write(tmp_path, "sales/customers.odcs.yaml", (CONTRACTS / "sales" / "customers.odcs.yaml").read_text())
    write(tmp_path, "sales/products.yaml", "")

    violations = check(tmp_path)

    assert [(Path(violation.file).relative_to(tmp_path).as_posix(), violation.path) for violation in violations] == [
        ("sales/orders.odcs.yaml", ""),
        ("sales/orders.odcs.yaml", "schema[0].properties[1].relationships[0].to"),
        ("sales/products.yaml", ""),
    ]
    assert "table orders has a contract already" in violations[0].problem
    assert (violations[1].problem, violations[1].remedy) == (
        "customers has no column customer",
        "did you mean 'customer_id'?",
    )
    assert "name it <dataset>.odcs.yaml" in violations[2].remedy


def test_a_reference_to_a_dataset_without_contract(tmp_path: Path) -> None:
    write(tmp_path, "sales/orders.odcs.yaml", ORDERS)

    [violation] = check(tmp_path)

    assert violation.problem == "no dataset customers"


def test_one_unreadable_file_does_not_hide_the_violations_of_others(tmp_path: Path) -> None:
    write(tmp_path, "sales/orders.odcs.yaml", ORDERS.replace("value: cdc", "value: ccd"))
    (tmp_path / "sales" / "broken.odcs.yaml").write_bytes(b"\xff\xfe\xfa")

    violations = check(tmp_path)

    assert {Path(violation.file).name for violation in violations} == {"orders.odcs.yaml", "broken.odcs.yaml"}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


DOCUMENT = yaml.safe_load(
    with_options("logicalType: string", "pattern: a").replace(
        "    quality:\n",
        """    quality:
      - {metric: duplicateValues, arguments: {properties: [order_id, status]}, mustBe: 0}
""",
    )
)
DOCUMENT["schema"][0]["properties"][2]["quality"] = [
    {"metric": "invalidValues", "arguments": {"validValues": ["a"], "pattern": "b"}, "mustBeBetween": [0, 1]}
]
DOCUMENT["customProperties"].append({"property": "partitions", "value": ["order_id"]})


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from paths(inner, (*path, step))


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


def test_the_document_that_is_spoilt_below_is_right() -> None:
    assert violations_of(yaml.safe_dump(DOCUMENT)) == []


@given(st.sampled_from([path for path in paths(DOCUMENT) if path]), json_values)
@settings(max_examples=examples(150))
def test_whatever_a_value_is_replaced_by_the_contract_is_read_or_has_violations(
    path: tuple[Any, ...], value: Any
) -> None:
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path
    place = document
    for step in parents:
        place = place[step]
    place[last] = value

    reading = read(yaml.safe_dump(document), path="contracts/sales/orders.odcs.yaml")

    assert (reading.contract is None) == bool(reading.violations)
    assert all(violation.line >= 1 and violation.remedy for violation in reading.violations)


@given(
    st.integers(0, len(ORDERS) - 1),
    st.text(alphabet="aB1 :-{}[]'\"#&*!|>\n\t\u00e9\u0001", max_size=4),
    st.integers(0, 4),
)
@settings(max_examples=examples(150))
def test_the_fast_parser_reads_what_the_parser_in_python_reads(place: int, text: str, dropped: int) -> None:
    """Text is inserted anywhere in a contract: the same contract, or the same violations at the same lines."""
    spoilt = ORDERS[:place] + text + ORDERS[place + dropped :]
    fast = read(spoilt, path="contracts/sales/orders.odcs.yaml")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(document, "_FAST", document._PYTHON)
        exact = read(spoilt, path="contracts/sales/orders.odcs.yaml")
    refused = any("is not YAML" in violation.problem for violation in exact.violations)
    assert refused or fast == exact  # libyaml allows `?` and tabs at more places, as YAML 1.2 does


def test_a_contract_is_parsed_once_and_by_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand contracts take seconds: the parser in Python would take half a minute for them."""
    calls: list[str] = []
    for name in ("_FAST", "_PYTHON"):
        loader = getattr(document, name)
        monkeypatch.setattr(
            document, name, lambda text, name=name, loader=loader: (calls.append(name), loader(text))[1]
        )
    assert violations_of(ORDERS) == []
    assert calls == ["_FAST"]
