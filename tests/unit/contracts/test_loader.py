import json
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from lakehouse.contracts import types
from lakehouse.contracts.loader import load_active, load_contract, load_contracts, parse_contract
from lakehouse.contracts.model import Contract, Deduplicate, Format, Ingest, Options, Partition, Severity
from lakehouse.contracts.types import Type
from lakehouse.errors import LakehouseError
from tests.support.contract_builders import EXAMPLE
from tests.support.repository import CONTRACTS

ODCS = json.loads(OpenDataContractStandard.json_schema())


def with_column(written: str) -> Contract:
    """The example with one column more, of the name `extra`."""
    lines = EXAMPLE.replace("    quality:\n", f"      - {{name: extra, {written}}}\n    quality:\n")
    return parse_contract(lines, path="example")


def limits(low: int, high: int) -> Options:
    return Options(minimum=Decimal(low), maximum=Decimal(high))


def test_the_example_of_the_documentation() -> None:
    contract = parse_contract(EXAMPLE, path="contracts/logistics/parcels.odcs.yaml")

    assert len(EXAMPLE.splitlines()) < 30
    assert (contract.domain, contract.dataset, contract.version) == ("logistics", "parcels", "1.0.0")
    assert contract.ingest is Ingest.APPEND
    assert contract.deduplicate is Deduplicate.KEY
    assert contract.key == ("parcel_id",)
    assert contract.owner == "warehouse"
    assert contract.freshness == timedelta(days=1)
    assert contract.retention is None
    assert contract.source.delimiter == ";"
    assert contract.stage_prefix == "logistics/parcels/"
    parcel_id, order_id, weight, sent_on = contract.columns
    assert (parcel_id.source_name, parcel_id.required) == ("ParcelNo", True)
    assert (order_id.type, order_id.required, order_id.classification) == (types.LONG, True, "internal")
    assert (weight.type, weight.options) == (types.decimal(6, 3), Options(minimum=Decimal(0)))
    assert (sent_on.type, sent_on.options.time_format) == (types.DATE, "dd/MM/yyyy")
    assert [(rule.name, rule.metric, rule.operator, rule.thresholds) for rule in contract.quality] == [
        ("has_parcels", "rowCount", "mustBeGreaterThan", (Decimal(0),))
    ]


@pytest.mark.parametrize("stream", ["kinesis", "kafka"])
def test_events_arrive_as_firehose_writes_them(stream: str) -> None:
    server = 'type: s3, location: "s3://carrier.example.com/parcels/", format: csv, delimiter: ";"'
    assert server in EXAMPLE
    assert parse_contract(EXAMPLE.replace(server, f"type: {stream}"), path="x").source.format == "jsonl"
    with pytest.raises(LakehouseError, match="'avro' is no format that is read"):
        parse_contract(EXAMPLE.replace(server, f"type: {stream}, format: avro"), path="x")


@pytest.mark.parametrize("path", sorted(CONTRACTS.rglob("*.yaml")), ids=lambda path: path.name)
def test_our_contracts_are_valid_to_other_tools(path: Path) -> None:
    validator = jsonschema.validators.validator_for(ODCS)(ODCS)

    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))] == []


def test_the_sample_contracts() -> None:
    contracts = {contract.dataset: contract for contract in load_contracts(CONTRACTS)}

    assert list(contracts) == [
        "exchange_rates",
        *("customers", "order_items", "orders", "products", "store_sales"),
        "page_views",
    ]
    assert contracts["order_items"].key == ("order_id", "line_number")
    assert contracts["orders"].stage_prefix == "dms/shop/public/orders/"
    assert contracts["orders"].ordering == ("_change_seq",)
    assert contracts["customers"].column("email").classification == "restricted"
    store_sales = contracts["store_sales"]
    assert store_sales.partitions == (Partition(column="sold_at", transform="month"),)
    assert store_sales.column("customer_id").source_name == "CustomerID"
    assert store_sales.deduplicate is Deduplicate.RECORD
    [rule] = [rule for rule in store_sales.quality if rule.name == "returns_are_few"]
    assert rule.query == "SELECT 100.0 * count(*) FILTER (WHERE quantity < 0) / count(*) FROM {table}"
    assert (rule.percent, rule.severity) == (True, Severity.WARNING)


@pytest.mark.parametrize(
    ("written", "type_", "options"),
    [
        ("logicalType: string", types.STRING, Options()),
        ("logicalType: integer", types.LONG, Options()),
        ("logicalType: number", types.DOUBLE, Options()),
        ("logicalType: boolean", types.BOOLEAN, Options()),
        ("logicalType: date", types.DATE, Options()),
        ("logicalType: timestamp", types.TIMESTAMP, Options()),
        ("logicalType: time", types.STRING, Options(format=Format.TIME)),
        ("logicalType: object", types.STRING, Options(format=Format.JSON)),
        ("logicalType: array", types.STRING, Options(format=Format.JSON)),
        ("physicalType: jsonb", types.STRING, Options(format=Format.JSON)),
        ("physicalType: uuid", types.STRING, Options(format=Format.UUID)),
        ("physicalType: bytea", types.BINARY, Options()),
        ("physicalType: VARCHAR(20)", types.STRING, Options(max_length=20)),
        ("physicalType: character varying(20)", types.STRING, Options(max_length=20)),
        ("physicalType: smallint", types.INT, limits(-32768, 32767)),
        ("physicalType: int(10) unsigned", types.LONG, limits(0, 2**32 - 1)),
        ("physicalType: bigint unsigned", types.decimal(20, 0), limits(0, 2**64 - 1)),
        ("physicalType: real", types.FLOAT, Options()),
        ("physicalType: double precision", types.DOUBLE, Options()),
        ('physicalType: "NUMERIC(10, 2)"', types.decimal(10, 2), Options()),
        ("physicalType: numeric(5)", types.decimal(5, 0), Options()),
        ("physicalType: timestamp(3) without time zone", types.TIMESTAMP, Options()),
        ("physicalType: timestamptz", types.TIMESTAMP, Options()),
        ("physicalType: datetime(6)", types.TIMESTAMP, Options()),
        ("logicalType: boolean, physicalType: tinyint(1)", types.BOOLEAN, Options()),
        ("logicalType: integer, logicalTypeOptions: {format: i32}", types.INT, Options()),
        ("logicalType: integer, logicalTypeOptions: {format: u8}", types.INT, limits(0, 255)),
        ("logicalType: number, logicalTypeOptions: {format: f32}", types.FLOAT, Options()),
        ("logicalType: array, items: {logicalType: integer}", types.list_of(types.LONG), Options()),
        (
            "logicalType: object, properties: [{name: x, logicalType: array, items: {logicalType: string}}]",
            types.struct_of({"x": types.list_of(types.STRING)}),
            Options(),
        ),
        ("physicalType: json, properties: [{name: x, physicalType: int}]", types.STRING, Options(format=Format.JSON)),
    ],
)
def test_types(written: str, type_: Type, options: Options) -> None:
    column = with_column(written).column("extra")

    assert (column.type, column.options) == (type_, options)


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (
            "logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 3, pattern: '^[A-Z]+$'}",
            Options(min_length=1, max_length=3, pattern="^[A-Z]+$"),
        ),
        ("physicalType: varchar(5), logicalTypeOptions: {maxLength: 9}", Options(max_length=5)),
        ("physicalType: varchar(5), logicalTypeOptions: {maxLength: 3}", Options(max_length=3)),
        (
            "physicalType: smallint, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 100000, multipleOf: 5}",
            Options(
                minimum=Decimal(0), maximum=Decimal(32767), exclusive_maximum=Decimal(100000), multiple_of=Decimal(5)
            ),
        ),
        ("logicalType: number, logicalTypeOptions: {maximum: 0.1}", Options(maximum=Decimal("0.1"))),
        ("logicalType: date, logicalTypeOptions: {minimum: 2020-01-01}", Options(minimum=date(2020, 1, 1))),
        (
            "logicalType: timestamp, logicalTypeOptions: {minimum: '2020-01-01T02:00:00+02:00', defaultTimezone: UTC}",
            Options(minimum=datetime(2020, 1, 1, tzinfo=UTC)),
        ),
        (
            "logicalType: time, logicalTypeOptions: {maximum: '18:00'}",
            Options(format=Format.TIME, maximum="18:00:00"),
        ),
        (
            "logicalType: timestamp, logicalTypeOptions: {format: \"yyyy-MM-dd'T'HH:mm:ss.SSS\"}",
            Options(time_format="yyyy-MM-dd'T'HH:mm:ss.SSS"),
        ),
        (
            "logicalType: array, items: {logicalType: string}, logicalTypeOptions: {minItems: 1}",
            Options(min_length=1),
        ),
        ("logicalType: string, logicalTypeOptions: {format: email}", Options(format=Format.EMAIL)),
    ],
)
def test_options(written: str, options: Options) -> None:
    assert with_column(written).column("extra").options == options


def test_enumerations_are_text() -> None:
    assert with_column("logicalType: string, enum: [{value: a}, {value: b}]").column("extra").enum == ("a", "b")
    assert with_column("logicalType: integer, enum: [{value: 1}, {value: 2}]").column("extra").enum == ("1", "2")


def test_key_columns_stand_in_the_order_of_their_positions() -> None:
    contract = parse_contract(
        EXAMPLE.replace("primaryKey: true", "primaryKey: true, primaryKeyPosition: 2").replace(
            "name: order_id, logicalType: integer, required: true",
            "name: order_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1",
        ),
        path="example",
    )

    assert contract.key == ("order_id", "parcel_id")


@pytest.mark.parametrize(
    ("written", "partition"),
    [
        ("sent_on", Partition(column="sent_on", transform="identity")),
        ("month(sent_on)", Partition(column="sent_on", transform="month")),
        ("bucket(16, parcel_id)", Partition(column="parcel_id", transform="bucket[16]")),
        ("truncate( 10 ,order_id )", Partition(column="order_id", transform="truncate[10]")),
    ],
)
def test_partitions(written: str, partition: Partition) -> None:
    text = EXAMPLE.replace("value: key}", "value: record}").replace(
        "slaProperties:", f'  - {{property: partitions, value: ["{written}"]}}\nslaProperties:'
    )

    assert parse_contract(text, path="example").partitions == (partition,)
    assert str(partition).replace(" ", "") == written.replace(" ", "")


def test_partitioned_properties_are_identity_partitions_in_their_order() -> None:
    text = (
        EXAMPLE.replace("value: key}", "value: record}")
        .replace("name: order_id,", "name: order_id, partitioned: true, partitionKeyPosition: 2,")
        .replace("name: sent_on,", "name: sent_on, partitioned: true, partitionKeyPosition: 1,")
    )

    assert [str(partition) for partition in parse_contract(text, path="example").partitions] == ["sent_on", "order_id"]


def test_properties_of_other_tools_are_left_alone() -> None:
    text = EXAMPLE.replace("slaProperties:", "  - {property: color, value: red, vendor: acme}\nslaProperties:")

    assert parse_contract(text, path="example").dataset == "parcels"


def test_a_missing_contract_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match=r"nowhere\.odcs\.yaml: can't be read: No such file"):
        load_contract(tmp_path / "nowhere.odcs.yaml")
    with pytest.raises(LakehouseError, match="no contracts"):
        load_contracts(tmp_path)
    with pytest.raises(LakehouseError, match="no such folder of contracts"):
        load_contracts(tmp_path / "nowhere")


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.odcs.yaml"
    path.write_bytes(b"name: caf\xe9")

    with pytest.raises(LakehouseError, match="byte 9 is not UTF-8"):
        load_contract(path)


def test_a_job_reads_the_contract_of_its_dataset_alone(tmp_path: Path) -> None:
    shutil.copytree(CONTRACTS / "sales", tmp_path / "sales")
    broken = tmp_path / "web" / "visits.odcs.yaml"
    broken.parent.mkdir()
    broken.write_text("no contract")
    assert load_active(tmp_path, dataset="orders") == load_contract(tmp_path / "sales" / "orders.odcs.yaml")
    with pytest.raises(LakehouseError, match=r"items: no active contract under .*: run `lakehouse tables apply`"):
        load_active(tmp_path, dataset="items")
