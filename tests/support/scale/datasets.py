"""Contracts of as many datasets as a test wants: five domains, and every kind of source in the shares of a company."""

import random
from pathlib import Path

DOMAINS = ("sales", "finance", "web", "logistics", "people")
DATABASES = ("shop", "erp", "crm")
KINDS = (*["postgresql"] * 12, *["s3"] * 4, *["kinesis"] * 2, "kafka", "api")
"""Of twenty datasets, as many have each type of source."""

HEADING = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
status: active
domain: {domain}
team: {{name: team{team}}}
description: {{purpose: Dataset number {number}.}}
servers:
{server}
customProperties:
{custom}
slaProperties:
  - {{property: freshness, value: 1, unit: {unit}}}
schema:
  - name: {name}
    description: One row for each thing {number}.
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, primaryKey: true, classification: internal}}
"""
CUSTOM = {
    "postgresql": "  - {property: ingest, value: cdc}\n  - {property: ordering, value: [_change_seq]}",
    "s3": "  - {property: ingest, value: append}\n  - {property: deduplicate, value: key}",
    "kinesis": "  - {property: ingest, value: append}\n  - {property: deduplicate, value: record}",
    "kafka": "  - {property: ingest, value: append}\n  - {property: deduplicate, value: record}",
    "api": "  - {property: ingest, value: snapshot}",
}
COLUMNS = (
    "logicalType: string, physicalType: varchar(100), logicalTypeOptions: {minLength: 1}",
    'logicalType: number, physicalType: "decimal(12,2)", logicalTypeOptions: {minimum: 0}',
    "logicalType: timestamp",
    "logicalType: date",
    "logicalType: boolean",
    "logicalType: integer, physicalType: int",
)
QUALITY = """\
    quality:
      - {name: has_rows, metric: rowCount, mustBeGreaterThan: 0}
      - name: few_null_ids
        type: sql
        query: SELECT count(*) FROM {table} WHERE id IS NULL
        mustBe: 0
        severity: warning
"""


def write(folder: Path, count: int, *, first: int = 0) -> Path:
    """Write the contracts of datasets number `first` to `first + count`, always the same for a number."""
    for number in range(first, first + count):
        path = folder / _domain(number) / f"{name_of(number)}.odcs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract(number))
    return folder


def name_of(number: int) -> str:
    """The name of a dataset; longer than most, because limits count characters."""
    return f"{_domain(number)}_{KINDS[number % len(KINDS)][:4]}_table_{number:04d}"


def contract(number: int) -> str:
    """The contract of a dataset: 10 to 40 columns of every type and classification, a key, two rules."""
    chance = random.Random(number)  # noqa: S311 - for the same contract each time, not for secrets
    name, kind = name_of(number), KINDS[number % len(KINDS)]
    columns = [
        f"      - {{name: column_{index:02d}, {COLUMNS[index % len(COLUMNS)]}, classification: {classification}}}\n"
        for index in range(chance.randint(9, 39))
        for classification in [chance.choice(("public", "internal", "confidential", "restricted"))]
    ]
    if kind == "kinesis":  # Firehose finds the dataset of an event in this field
        columns.append(f"      - {{name: dataset, logicalType: string, enum: [{{value: {name}}}]}}\n")
    elif number >= len(DOMAINS):
        other = name_of(number - len(DOMAINS))
        columns.append(f"      - {{name: other, logicalType: integer, relationships: [{{to: {other}.id}}]}}\n")
    heading = HEADING.format(
        name=name,
        number=number,
        domain=_domain(number),
        team=number % 7,
        server=_server(kind, number, name),
        custom=CUSTOM[kind],
        unit=chance.choice("hd"),
    )
    return heading + "".join(columns) + QUALITY


def _domain(number: int) -> str:
    return DOMAINS[number % len(DOMAINS)]


def _server(kind: str, number: int, name: str) -> str:
    match kind:
        case "postgresql":
            database = DATABASES[number % len(DATABASES)]
            place = f"type: postgresql, host: {database}.example.com, port: 5432, database: {database}, schema: public"
            return f"  - {{server: {database}, {place}}}"
        case "s3":
            return f'  - {{server: partner, type: s3, location: "s3://partner{number % 4}.example.com/", format: csv}}'
        case "api":
            return (
                f"  - server: api{number % 4}\n    type: api\n    location: https://api.example.com/v1/{name}\n"
                "    customProperties:\n      - {property: records, value: items}\n"
                "      - {property: paginator, value: {type: cursor, cursor_path: next, cursor_param: page}}"
            )
    return f"  - {{server: {'events' if kind == 'kinesis' else 'bus'}, type: {kind}, format: jsonl}}"
