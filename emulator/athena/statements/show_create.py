"""SHOW CREATE TABLE and VIEW, and the parts of DESCRIBE that follow the columns."""

from typing import TYPE_CHECKING

from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.run import Run
from emulator.athena.tables import catalog, iceberg_types, views
from emulator.athena.tables.hive_scan import partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef


def view(table: "TableTypeDef") -> str:
    """The statement that makes a view."""
    return f"CREATE VIEW {table['DatabaseName']}.{table['Name']} AS\n{views.query(table).sql}"


def table(run: Run, found: "TableTypeDef") -> str:
    """The statement that makes a table."""
    if catalog.is_iceberg(found):
        return _iceberg(run.cloud.catalog.load_table((found["DatabaseName"], found["Name"])), found)
    return _hive(found)


def _iceberg(loaded: Table, found: "TableTypeDef") -> str:
    schema = loaded.schema()
    columns = [
        f"  {field.name.lower()} {iceberg_type_name(iceberg_types.from_iceberg(field.field_type))}"
        + (f" COMMENT {sql_text.literal(field.doc)}" if field.doc else "")
        for field in schema.fields
    ]
    lines = [f"CREATE TABLE {found['DatabaseName']}.{found['Name']} (", ",\n".join(columns) + ")"]
    transforms = [_transform(loaded, field) for field in loaded.spec().fields]
    if transforms:
        lines.append(f"PARTITIONED BY ({', '.join(f'`{t}`' if t.isidentifier() else t for t in transforms)})")
    lines += ["LOCATION", f"  {sql_text.literal(loaded.location())}"]
    codec = loaded.properties.get("write.parquet.compression-codec", "zstd")
    shown = {"table_type": "iceberg", "format": "parquet", "write_compression": codec}
    own = {k: v for k, v in loaded.properties.items() if k.startswith(("vacuum_", "optimize_"))}
    lines += ["TBLPROPERTIES (", ",\n".join(_pairs({**shown, **own})) + ")"]
    return "\n".join(lines)


def iceberg_type_name(dt: DataType) -> str:
    """A column's type, in Hive's words where Hive has one for it."""
    return type_names.trino_name(dt) if dt.this in (DType.TIMESTAMPTZ, DType.TIME) else type_names.hive_name(dt)


def _transform(loaded: Table, field: PartitionField) -> str:
    column = loaded.schema().find_column_name(field.source_id) or str(field.source_id)
    match field.transform:
        case IdentityTransform():
            return column
        case BucketTransform() as bucket:
            return f"bucket({bucket.num_buckets}, `{column}`)"
        case TruncateTransform() as truncate:
            return f"truncate({truncate.width}, `{column}`)"
    return f"{field.transform}(`{column}`)"


def _hive(found: "TableTypeDef") -> str:
    storage = found["StorageDescriptor"]

    def columns(listed: list[dict[str, str]]) -> str:
        return ", \n".join(
            f"  `{c['Name']}` {c['Type']}" + (f" COMMENT {sql_text.literal(c['Comment'])}" if c.get("Comment") else "")
            for c in listed
        )

    lines = [f"CREATE EXTERNAL TABLE `{found['DatabaseName']}.{found['Name']}`(", columns(storage["Columns"]) + ")"]  # type: ignore[arg-type]
    keys = partition_keys(found)
    if keys:
        lines += ["PARTITIONED BY ( ", columns(keys) + ")"]  # type: ignore[arg-type]
    serde = storage.get("SerdeInfo", {})
    lines += ["ROW FORMAT SERDE ", f"  {sql_text.literal(serde.get('SerializationLibrary', ''))} "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", ", \n".join(_pairs(serde["Parameters"])) + ") "]
    lines += ["STORED AS INPUTFORMAT ", f"  {sql_text.literal(storage.get('InputFormat', ''))} "]
    lines += ["OUTPUTFORMAT ", f"  {sql_text.literal(storage.get('OutputFormat', ''))}"]
    lines += ["LOCATION", f"  {sql_text.literal(storage.get('Location', ''))}"]
    shown = {k: v for k, v in found.get("Parameters", {}).items() if k != "EXTERNAL"}
    if shown:
        lines += ["TBLPROPERTIES (", ", \n".join(_pairs(shown)) + ")"]
    return "\n".join(lines)


def _pairs(found: dict[str, str]) -> list[str]:
    return [f"  {sql_text.literal(k)}={sql_text.literal(v)}" for k, v in sorted(found.items())]


def partition_lines(run: Run, found: "TableTypeDef") -> list[str]:
    """How an Iceberg table is partitioned, for DESCRIBE."""
    loaded = run.cloud.catalog.load_table((found["DatabaseName"], found["Name"]))
    lines = ["\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name"]
    fields = loaded.spec().fields
    return [*lines, *(f"{f.name}\t{f.transform}\t{loaded.schema().find_column_name(f.source_id)}" for f in fields)]


def detail_lines(found: "TableTypeDef") -> list[str]:
    """What DESCRIBE FORMATTED adds."""
    storage = found.get("StorageDescriptor", {})
    details = {
        "Database:": found["DatabaseName"],
        "Location:": storage.get("Location", ""),
        "Table Type:": found.get("TableType", ""),
        "SerDe Library:": storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
        "InputFormat:": storage.get("InputFormat", ""),
    }
    lines = ["\t\t", "# Detailed Table Information\t\t", *(f"{k}\t{v}\t" for k, v in details.items())]
    return [*lines, "Table Parameters:\t\t", *(f"\t{k}\t{v}" for k, v in sorted(found.get("Parameters", {}).items()))]
