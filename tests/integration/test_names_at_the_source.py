"""Names with blanks, quotes and letters of any script work up to Athena; char(n) is padded as the contract says."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.dms import table_mappings
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import read
from lakehouse.names import Zone
from tests.support.emulator.athena_client import Athena
from tests.support.replication.site import Site, opened_site

TABLE = 'Kunden "Größe" it\'s 名前'


def document(table: str = TABLE, *, padding: str | None = None) -> dict[str, Any]:
    code = {"name": "code", "physicalName": "co'de", "logicalType": "string", "physicalType": "char(4)"}
    custom = {"customProperties": [{"property": "charPadding", "value": padding}]} if padding else {}
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "odd", "version": "1.0.0", "status": "active",
        "domain": "odd",
        "servers": [{"server": "odd", "type": "postgresql", "database": "odd", "schema": "My Schéma", "host": "h",
                     "port": 5432}],
        "schema": [{"name": "people", "physicalName": table, "properties": [
            {"name": "number", "physicalName": "Kunden Nr.", "logicalType": "integer", "primaryKey": True},
            {"name": "street", "physicalName": "Straße; \"x\"", "logicalType": "string"},
            code | custom,
        ]}],
        "customProperties": [{"property": "ingest", "value": "cdc"},
                             {"property": "ordering", "value": ["_change_seq"]}],
    }  # fmt: skip


def contract(**settings: Any) -> Contract:
    reading = read(yaml.safe_dump(document(**settings)), path="contracts/odd/people.odcs.yaml")
    assert reading.contract is not None, [str(violation) for violation in reading.violations]
    return reading.contract


@pytest.fixture(scope="module")
def site(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened_site(aws, tmp_path_factory.mktemp("odd"), project="odd") as opened:
        yield opened


@pytest.mark.parametrize("padding", ["trim", pytest.param("keep", marks=pytest.mark.slow)])
def test_odd_names_work_from_contract_to_athena(site: Site, padding: str) -> None:
    table = f"{TABLE} {padding}"
    people = contract(table=table, padding=padding)
    people = Contract(**{name: getattr(people, name) for name in people.__slots__} | {"dataset": f"people_{padding}"})
    quoted = '"My Schéma"."' + table.replace('"', '""') + '"'
    site.connection.execute('CREATE SCHEMA IF NOT EXISTS "My Schéma"')
    site.connection.execute(
        f'CREATE TABLE {quoted} ("Kunden Nr." bigint PRIMARY KEY, "Straße; ""x""" text, "co\'de" char(4), "more%" int)'
    )
    site.connection.execute(f"INSERT INTO {quoted} VALUES (1, 'a', 'ab', 1)")
    site.replicator.schema, site.replicator.tables = "%", ["%"]
    site.create(people)
    site.connection.execute(f"INSERT INTO {quoted} VALUES (2, 'ü', 'x  y', 2)")
    site.connection.execute(f'UPDATE {quoted} SET "Straße; ""x""" = \'b\'')
    site.move(people)
    assert site.reconcile(people) == {}
    boto3.client("s3").create_bucket(
        Bucket=f"odd-results-{padding}",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    answer = Athena()(
        f"SELECT number, street, code || '|' FROM people_{padding} ORDER BY number",
        database=site.names.database(Zone.INTEGRATION),
        ResultConfiguration={"OutputLocation": f"s3://odd-results-{padding}/"},
    )
    ab = "ab|" if padding == "trim" else "ab  |"
    assert answer.rows == [("1", "b", ab), ("2", "b", "x  y|")]


def test_the_mappings_of_dms_have_the_names_as_they_are() -> None:
    locator = table_mappings([contract()])["rules"][0]["object-locator"]
    assert locator == {"schema-name": "My Schéma", "table-name": TABLE}


@pytest.mark.parametrize(
    ("table", "problem"),
    [("public.people", "has a dot"), ("a/b", "is no name of a table"), ("50%", "is no name"), ("a\nb", "is no name"),
     ("[a]", "is no name"), (" ", "is no name")],
)  # fmt: skip
def test_a_name_that_dms_would_read_as_a_pattern_is_refused(table: str, problem: str) -> None:
    found = read(yaml.safe_dump(document(table)), path="contracts/odd/people.odcs.yaml").violations
    assert [violation.path for violation in found] == ["schema[0].physicalName"]
    assert problem in found[0].problem


def test_only_a_char_has_padding() -> None:
    odd = document(padding="sometimes")
    odd["schema"][0]["properties"][2]["physicalType"] = "text"
    found = read(yaml.safe_dump(odd), path="contracts/odd/people.odcs.yaml").violations
    assert [violation.remedy for violation in found] == [
        "give it to a char(n) alone", "write keep (the default) or trim"
    ]  # fmt: skip
