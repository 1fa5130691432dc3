"""Glue's `TableInput` of Hive tables, with the formats and SerDes that Athena writes."""

from dataclasses import dataclass
from typing import Any

from emulator.athena.runtime.errors import not_supported

_HIVE = "org.apache.hadoop.hive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Formats and SerDe of a Hive table.

    Attributes:
        input_format: Hadoop class that reads files.
        output_format: Hadoop class that writes files.
        serde: class of the SerDe.
        parameters: parameters of the SerDe.
    """

    input_format: str
    output_format: str
    serde: str
    parameters: dict[str, str]


_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = f"{_HIVE}.ql.io.HiveIgnoreKeyTextOutputFormat"
_FORMATS = {
    "PARQUET": (
        f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
        f"{_HIVE}.ql.io.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "TEXTFILE": (_TEXT_INPUT, _TEXT_OUTPUT, f"{_HIVE}.serde2.lazy.LazySimpleSerDe"),
    "JSON": (_TEXT_INPUT, _TEXT_OUTPUT, "org.openx.data.jsonserde.JsonSerDe"),
}


def storage(format: str, *, delimiter: str = "\x01") -> Storage:  # noqa: A002 - Athena's name
    """Return the storage of a format: PARQUET, TEXTFILE or JSON.

    Raises:
        AthenaError: NOT_SUPPORTED.
    """
    if format.upper() not in _FORMATS:
        raise not_supported(f"Hive tables in {format.upper()}")
    input_format, output_format, serde = _FORMATS[format.upper()]
    parameters = {"field.delim": delimiter, "serialization.format": delimiter} if format.upper() == "TEXTFILE" else {}
    return Storage(input_format=input_format, output_format=output_format, serde=serde, parameters=parameters)


def hive(
    name: str,
    columns: list[tuple[str, str, str]],
    *,
    partition_columns: int,
    location: str,
    storage: Storage,
    parameters: dict[str, str],
    comment: str = "",
) -> Any:
    """Return the `TableInput` of a Hive table.

    Args:
        name: name of the table.
        columns: name, Hive type and comment (empty for none) of each column.
        partition_columns: number of partition columns, which are the last columns.
        location: S3 URI.
        storage: formats and SerDe.
        parameters: table properties.
        comment: comment on the table.
    """
    described = [
        {"Name": column, "Type": kind, **({"Comment": note} if note else {})} for column, kind, note in columns
    ]
    data_columns = len(columns) - partition_columns
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Owner": "hadoop",
        **({"Description": comment} if comment else {}),
        "PartitionKeys": described[data_columns:],
        "Parameters": {"EXTERNAL": "TRUE", **parameters, **({"comment": comment} if comment else {})},
        "StorageDescriptor": {
            "Columns": described[:data_columns],
            "Location": location,
            "InputFormat": storage.input_format,
            "OutputFormat": storage.output_format,
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": storage.serde, "Parameters": storage.parameters},
        },
    }
