"""Contracts whose source is an API: what they say is what dlt is told, and what is misspelt is refused."""

import inspect

import pytest
from dlt.sources.rest_api.config_setup import PAGINATOR_MAP

from lakehouse.contracts.api_source import Api, Incremental
from lakehouse.contracts.odcs.api import PAGINATORS
from lakehouse.contracts.odcs.reader import Reading, read

PATH = "contracts/finance/rates.odcs.yaml"
TEXT = """
apiVersion: v3.1.0
kind: DataContract
id: rates
version: 1.0.0
status: active
domain: finance
servers:
  - server: bank
    type: api
    location: https://api.example.com/v1/rates
    customProperties:
      - {property: records, value: data.items}
      - {property: paginator, value: {type: cursor, cursor_path: next, cursor_param: page}}
      - {property: incremental, value: {column: at, parameter: after, start: "2026-02-01"}}
      - {property: parameters, value: {base: EUR, limit: 100}}
      - {property: requestsPerMinute, value: 60}
      - {property: tokenHeader, value: X-Api-Key}
customProperties:
  - {property: ingest, value: append}
  - {property: deduplicate, value: key}
schema:
  - name: rates
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: at, logicalType: timestamp, required: true}
      - {name: open, logicalType: boolean}
      - {name: closed_on, logicalType: date, required: true, logicalTypeOptions: {format: dd/MM/yyyy}}
"""


def reading(old: str = "", new: str = "") -> Reading:
    assert old in TEXT
    return read(TEXT.replace(old, new, 1) if old else TEXT, path=PATH)


def test_a_contract_says_how_its_api_is_called() -> None:
    contract = reading().contract
    assert contract is not None
    assert contract.source.format == "json"
    assert contract.source.api == Api(
        location="https://api.example.com/v1/rates",
        paginator="cursor",
        paging=(("cursor_path", "next"), ("cursor_param", "page")),
        records=("data", "items"),
        incremental=Incremental(column="at", parameter="after", start="2026-02-01"),
        parameters=(("base", "EUR"), ("limit", 100)),
        requests_a_minute=60,
        token_header="X-Api-Key",  # noqa: S106 - a header's name
    )
    assert hash(contract)


@pytest.mark.parametrize(
    ("old", "new", "problem", "remedy"),
    [
        ("    location: https://api.example.com/v1/rates\n", "", "location None is no URL", "https://"),
        ("https://api.", "ftp://api.", "is no URL", "https://"),
        ("/v1/rates\n", "/v1/rates?key=1\n", "query, fragment or user", "`parameters`"),
        (
            "      - {property: paginator, value: {type: cursor, cursor_path: next, cursor_param: page}}\n",
            "",
            "has no paginator",
            "single_page",
        ),
        ("type: cursor,", "type: curser,", "'curser' is no type", "'cursor'"),
        ("type: cursor,", "type: auto,", "'auto' is no type", "use one of single_page"),
        ("cursor_path: next,", "cursor_pat: next,", "cursor has no 'cursor_pat'", "'cursor_path'"),
        (", cursor_param: page", "", "needs cursor_param", "add cursor_param"),
        ("cursor_param: page", "cursor_param: 7", "7 is not a text", "write a text"),
        (
            "value: {type: cursor, cursor_path: next, cursor_param: page}",
            "value: cursor",
            "'cursor' is no map",
            "{type",
        ),
        ("value: data.items", "value: '$.items[*]'", "wrong format", "data.items"),
        ("column: at", "column: att", "'att' is no column", "'at'"),
        ("column: at", "column: open", "cannot be the cursor", "dates and times"),
        ("column: at", "column: closed_on", "cannot be the cursor", "ISO"),
        ("timestamp, required: true", "timestamp", "'at' may be null", "required: true"),
        ("parameter: after, ", "", "names no parameter", "add parameter"),
        ("parameter: after", "paramter: x, parameter: after", "'paramter' is unknown", "'parameter'"),
        ('start: "2026-02-01"', "start: soon", "'soon' is no timestamp", "correct `start`"),
        ('start: "2026-02-01"', 'start: "2999-02-01"', "is no timestamptz up to the current time", "correct `start`"),
        ("limit: 100", "limit: [1]", "is no parameter", "text or number"),
        ("value: 60", "value: 0", "no number of requests", "from 1 on"),
        ("value: X-Api-Key", 'value: "X Key"', "wrong format", "X-Api-Key"),
        ("property: tokenHeader", "property: tokenHeadr", "'tokenHeadr' is no custom property", "'tokenHeader'"),
        ("  - {property: deduplicate, value: key}\n", "", "keeps records twice", "`deduplicate`"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, problem: str, remedy: str) -> None:
    found = reading(old, new)
    assert found.contract is None
    assert any(problem in violation.problem and remedy in violation.remedy for violation in found.violations), (
        found.violations
    )


def test_words_of_apis_are_no_words_of_files() -> None:
    found = read(TEXT.replace("type: api", "type: s3, format: json".replace(", ", "\n    ")), path=PATH)
    assert {violation.problem for violation in found.violations} >= {"'paginator' is no custom property"}


def test_the_settings_of_paginators_are_those_of_dlt() -> None:
    for name, (needed, optional) in PAGINATORS.items():
        known = inspect.signature(PAGINATOR_MAP[name].__init__).parameters
        assert {*needed, *optional} <= known.keys(), name
