"""SHOW CREATE TABLE and VIEW, and the parts of DESCRIBE that follow the columns."""

from typing import TYPE_CHECKING

from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.run import Run
from emulator.athena.tables import access, catalog, iceberg_types, views
from emulator.athena.tables.hive_scan import partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef


def create_view(view: "TableTypeDef") -> str:
    """Return the statement that creates a view."""
    return f"CREATE VIEW {view['DatabaseName']}.{view['Name']} AS\n{views.query(view).sql}"


def create_table(run: Run, table: "TableTypeDef") -> str:
    """Return the statement that creates a table."""
    if catalog.is_iceberg(table):
        return _iceberg(run, run.cloud.catalog.load_table((table["DatabaseName"], table["Name"])), table)
    return _hive(table)


def _iceberg(run: Run, loaded: Table, table: "TableTypeDef") -> str:
    schema = loaded.schema()
    shown = access.described(run.cloud, table)
    columns = [
        f"  {field.name.lower()} {iceberg_type_name(iceberg_types.from_iceberg(field.field_type))}"
        + (f" COMMENT {sql_text.literal(field.doc)}" if field.doc else "")
        for field in schema.fields
        if shown is None or field.name.lower() in shown
    ]
    lines = [f"CREATE TABLE {table['DatabaseName']}.{table['Name']} (", ",\n".join(columns) + ")"]
    transforms = [_transform(loaded, field) for field in _shown_fields(loaded, shown)]
    if transforms:
        lines.append(f"PARTITIONED BY ({', '.join(f'`{t}`' if t.isidentifier() else t for t in transforms)})")
    lines += ["LOCATION", f"  {sql_text.literal(loaded.location())}"]
    codec = loaded.properties.get("write.parquet.compression-codec", "zstd")
    defaults = {"table_type": "iceberg", "format": "parquet", "write_compression": codec}
    settings = {k: v for k, v in loaded.properties.items() if k.startswith(("vacuum_", "optimize_"))}
    lines += ["TBLPROPERTIES (", ",\n".join(_pairs({**defaults, **settings})) + ")"]
    return "\n".join(lines)


def iceberg_type_name(dt: DataType) -> str:
    """Return the name of a column's type: Hive's, or Trino's if Hive has none."""
    return type_names.trino_name(dt) if dt.this in (DType.TIMESTAMPTZ, DType.TIME) else type_names.hive_name(dt)


def _shown_fields(loaded: Table, shown: frozenset[str] | None) -> list[PartitionField]:
    """Return the fields of a table's partition spec whose columns the caller sees."""
    schema = loaded.schema()
    return [
        field
        for field in loaded.spec().fields
        if shown is None or str(schema.find_column_name(field.source_id)).lower() in shown
    ]


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


def _hive(table: "TableTypeDef") -> str:
    storage = table["StorageDescriptor"]

    def columns(listed: list[dict[str, str]]) -> str:
        return ", \n".join(
            f"  `{c['Name']}` {c['Type']}" + (f" COMMENT {sql_text.literal(c['Comment'])}" if c.get("Comment") else "")
            for c in listed
        )

    lines = [f"CREATE EXTERNAL TABLE `{table['DatabaseName']}.{table['Name']}`(", columns(storage["Columns"]) + ")"]  # type: ignore[arg-type]
    keys = partition_keys(table)
    if keys:
        lines += ["PARTITIONED BY ( ", columns(keys) + ")"]  # type: ignore[arg-type]
    serde = storage.get("SerdeInfo", {})
    lines += ["ROW FORMAT SERDE ", f"  {sql_text.literal(serde.get('SerializationLibrary', ''))} "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", ", \n".join(_pairs(serde["Parameters"])) + ") "]
    lines += ["STORED AS INPUTFORMAT ", f"  {sql_text.literal(storage.get('InputFormat', ''))} "]
    lines += ["OUTPUTFORMAT ", f"  {sql_text.literal(storage.get('OutputFormat', ''))}"]
    lines += ["LOCATION", f"  {sql_text.literal(storage.get('Location', ''))}"]
    parameters = {k: v for k, v in table.get("Parameters", {}).items() if k != "EXTERNAL"}
    if parameters:
        lines += ["TBLPROPERTIES (", ", \n".join(_pairs(parameters)) + ")"]
    return "\n".join(lines)


def _pairs(properties: dict[str, str]) -> list[str]:
    return [f"  {sql_text.literal(k)}={sql_text.literal(v)}" for k, v in sorted(properties.items())]


def partition_lines(run: Run, table: "TableTypeDef") -> list[str]:
    """Return DESCRIBE's lines on the partition spec of an Iceberg table."""
    loaded = run.cloud.catalog.load_table((table["DatabaseName"], table["Name"]))
    lines = ["\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name"]
    fields = _shown_fields(loaded, access.described(run.cloud, table))
    return [*lines, *(f"{f.name}\t{f.transform}\t{loaded.schema().find_column_name(f.source_id)}" for f in fields)]


def detail_lines(table: "TableTypeDef") -> list[str]:
    """Return the lines that DESCRIBE FORMATTED adds."""
    storage = table.get("StorageDescriptor", {})
    details = {
        "Database:": table["DatabaseName"],
        "Location:": storage.get("Location", ""),
        "Table Type:": table.get("TableType", ""),
        "SerDe Library:": storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
        "InputFormat:": storage.get("InputFormat", ""),
    }
    lines = ["\t\t", "# Detailed Table Information\t\t", *(f"{k}\t{v}\t" for k, v in details.items())]
    return [*lines, "Table Parameters:\t\t", *(f"\t{k}\t{v}" for k, v in sorted(table.get("Parameters", {}).items()))]
