"""What a caller may do through Trino, which reads and writes everything as the account's root user.

Before a statement of a role or user runs, Trino names the tables that it reads. The caller's own clients then ask Glue
for each, Lake Formation for its columns and rows, and S3 for its files. Trino shows whole tables alone, so a table of
which Lake Formation hides a part is refused.
"""

import json
from collections.abc import Iterator

from emulator.athena.runtime import sql_text
from emulator.athena.runtime.cloud import split_uri
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statements import Delete, Insert, Merge, Update
from emulator.athena.tables import access, catalog
from emulator.athena.trino.client import TrinoStatement, after_first_line

_PARTIAL = (
    "Lake Formation shows the caller a part of {}.{}: the Trino engine shows whole tables alone. Use the emulator's "
    "own engine: `lakehouse local up --athena duckdb`"
)


def check_reads(run: Run, query: str) -> None:
    """Check that the caller may read each table of a query.

    Raises:
        AthenaError: NOT_SUPPORTED: only in part; any other: what Glue, Lake Formation and S3 answer.
    """
    if not run.cloud.restricted:
        return
    for database, name in sorted(set(_tables(run, query))):
        table = catalog.get_table(run.cloud, database, name)
        if not access.of(run.cloud, table).is_whole:
            raise not_supported(_PARTIAL.format(database, name))
        _read_an_object(run, table["StorageDescriptor"].get("Location", ""))


def check_writes(run: Run, statement: Insert | Update | Delete | Merge) -> None:
    """Check that the caller may change the table of a statement, and read the tables from which it takes rows.

    Raises:
        AthenaError: as `check_reads`.
    """
    if not run.cloud.restricted:
        return
    table = catalog.get_table(run.cloud, statement.name.database or run.context.database, statement.name.table)
    verbs = ("INSERT",) if isinstance(statement, Insert) else ("SELECT", "INSERT", "DELETE")
    access.require(run.cloud, table, *verbs, *access.COMMIT)
    if catalog.is_view(table):
        return  # Trino refuses to change it
    bucket, key = split_uri(table["StorageDescriptor"]["Location"])
    target: dict[str, str] = {"Bucket": bucket, "Key": f"{key.rstrip('/')}/{run.context.query_id}"}
    # An upload that is not completed leaves no object, but needs the permission to put one.
    upload = run.cloud.s3.create_multipart_upload(**target)["UploadId"]  # type: ignore[arg-type]
    run.cloud.s3.abort_multipart_upload(**target, UploadId=upload)  # type: ignore[arg-type]
    check_reads(run, statement.text)


def _tables(run: Run, query: str) -> Iterator[tuple[str, str]]:
    """Yield database and name of each table that a statement reads, also through views."""
    assert run.context.trino is not None
    asked = TrinoStatement(run.context.trino, run.scan)
    values = run.context.parameters
    source = f"EXECUTE IMMEDIATE {sql_text.literal(query)} USING {', '.join(values)}" if values else query
    with after_first_line():
        pages = asked.pages(f"EXPLAIN (TYPE IO, FORMAT JSON)\n{source}", database=run.context.database)
        plan = json.loads("".join(text for page in pages for (text,) in page))
    for found in plan["inputTableColumnInfos"]:
        place = found["table"]["schemaTable"]
        yield place["schema"], place["table"].partition("$")[0]


def _read_an_object(run: Run, location: str) -> None:
    """Read a byte below a location as the caller, which S3 denies if the caller may not read it."""
    bucket, key = split_uri(location)
    listed = run.cloud.s3.list_objects_v2(Bucket=bucket, Prefix=f"{key.rstrip('/')}/", MaxKeys=1).get("Contents", [])
    for entry in listed:
        if entry["Size"]:
            run.cloud.s3.get_object(Bucket=bucket, Key=entry["Key"], Range="bytes=0-0")
