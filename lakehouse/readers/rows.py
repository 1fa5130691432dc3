"""Build the rows of a raw table: typed values, the reasons of rejected records, and the file and row of each."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import columns, dms
from lakehouse.contracts.model import Column, Contract, Format, Options, SchemaPolicy
from lakehouse.contracts.types import STRING, TIMESTAMP, Kind
from lakehouse.readers import postgres_arrays
from lakehouse.readers.arrow_leaves import not_finite
from lakehouse.readers.arrow_types import as_text, convert_array, json_values, rejected
from lakehouse.readers.checks import broken_rules, explanation
from lakehouse.readers.chunk import Broken, Chunk
from lakehouse.readers.json_text import load, to_json
from lakehouse.readers.text import Converted
from lakehouse.readers.values import has_unknown_fields, show

REASONS = pa.list_(pa.struct([("column", pa.string()), ("reason", pa.string())]))
Reasons = list[dict[str, str | None]]

# A change sequence has 35 digits; a row of the full load has none.
# Source: AWS DMS user guide, "Replicating source table headers using expressions".
_DMS_COLUMNS = (
    Column(
        name=columns.OPERATION,
        type=STRING,
        source_name=dms.OPERATION,
        required=True,
        enum=(dms.INSERT, dms.UPDATE, dms.DELETE),
    ),
    Column(name=columns.COMMIT_TIMESTAMP, type=TIMESTAMP, source_name=dms.COMMIT_TIMESTAMP, required=True),
    Column(
        name=columns.CHANGE_SEQUENCE,
        type=STRING,
        source_name=dms.CHANGE_SEQUENCE,
        options=Options(pattern="^(?:[0-9]{35})?$"),
    ),
)


@cache
def row_columns(contract: Contract) -> tuple[Column, ...]:
    """Return the columns of raw rows that come from the source: those of the contract, and those that DMS adds."""
    return contract.columns + (_DMS_COLUMNS if contract.source.is_database else ())


@cache
def row_schema(contract: Contract) -> pa.Schema:
    """Return the schema of the rows that the readers yield: the raw table's without the columns of the batch."""
    return pa.schema(
        [
            *(pa.field(column.name, column.type.arrow) for column in row_columns(contract)),
            pa.field(columns.ERRORS, REASONS),
            pa.field(columns.RECORD, pa.string()),
            pa.field(columns.SOURCE_FILE, pa.string()),
            pa.field(columns.SOURCE_ROW, pa.int64()),
        ]
    )


def rows_of(contract: Contract, chunk: Chunk, *, source_file: str) -> pa.RecordBatch:
    """Return the rows of a chunk, one for each record in its columns.

    Args:
        contract: has the columns and their rules.
        chunk: records of one object.
        source_file: URI of the object.
    """
    count = len(chunk.rows)
    reasons: defaultdict[int, Reasons] = defaultdict(list)
    arrays: list[pa.Array] = []
    extras = _unknown_columns(contract, chunk)
    for column in row_columns(contract):
        sent = chunk.columns.get(column.source_name)
        if sent is None:
            sent = pa.nulls(count, pa.string())
        if contract.source.type == "postgresql" and column.type.kind is Kind.LIST and pa.types.is_string(sent.type):
            sent = postgres_arrays.as_json(sent)
        if column.options.trim_padding and pa.types.is_string(sent.type):
            sent = pc.utf8_rtrim(sent, characters=" ")
        converted = convert_array(sent, column.type, time_format=column.options.time_format)
        if column.type.kind is Kind.STRING:
            converted = _without_substitutes(converted, sent, column, chunk=chunk)
        arrays.append(converted.values)
        for i, reason in converted.rejected.items():
            reasons[i].append({"column": column.name, "reason": reason})
        _check(converted, column, contract=contract, chunk=chunk, reasons=reasons)
        if column.type.kind in (Kind.LIST, Kind.STRUCT):
            for i in _with_unknown_fields(sent, column, rejected=converted.rejected):
                extras[i][column.source_name] = as_text(sent.slice(i, 1))[0].as_py()
    if contract.schema_policy is SchemaPolicy.STRICT:
        _reject_unknown(contract, extras, reasons)
    records = {i: to_json(fields) for i, fields in extras.items()} | {i: chunk.original(i) for i in reasons}
    arrays += [
        _sparse(reasons, count, REASONS),
        _sparse(records, count, pa.string()),
        pa.repeat(source_file, count),
        chunk.rows,
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=row_schema(contract))


def broken_rows(contract: Contract, broken: list[Broken], *, source_file: str) -> pa.RecordBatch:
    """Return the rows of records that could not be split into columns: reason, original text, file and row."""
    reasons = [[{"column": record.column, "reason": record.reason}] for record in broken]
    return pa.RecordBatch.from_arrays(
        [
            *(pa.nulls(len(broken), column.type.arrow) for column in row_columns(contract)),
            pa.array(reasons, type=REASONS),
            pa.array([record.text for record in broken], type=pa.string()),
            pa.repeat(source_file, len(broken)),
            pa.array([record.row for record in broken], type=pa.int64()),
        ],
        schema=row_schema(contract),
    )


def _without_substitutes(converted: Converted, sent: pa.Array, column: Column, *, chunk: Chunk) -> Converted:
    """Reject what is no text but has one: times in no range, and arrays and objects if the column is not JSON."""
    name = column.source_name
    outside = np.zeros(len(sent), dtype=np.bool_)
    outside[list(chunk.out_of_range.get(name, ()))] = True
    converted = rejected(converted, outside, lambda text: f"expected a time in range, found {show(text)}")
    if column.options.format is Format.JSON:
        outside = not_finite(sent) if pa.types.is_nested(sent.type) else np.zeros(len(sent), dtype=np.bool_)
        outside[list(chunk.not_finite.get(name, ()))] = True
        return rejected(converted, outside, lambda text: f"expected JSON, found NaN or an infinity in {show(text)}")
    nested = np.asarray(sent.is_valid()) if pa.types.is_nested(sent.type) else np.zeros(len(sent), dtype=np.bool_)
    nested[list(chunk.nested.get(name, ()))] = True
    return rejected(converted, nested, lambda text: f"expected string, found {show(text)}")


def _check(
    converted: Converted, column: Column, *, contract: Contract, chunk: Chunk, reasons: defaultdict[int, Reasons]
) -> None:
    """Add a reason for each record whose value is missing or breaks a rule of the column."""
    values = converted.values
    is_sent = column.source_name in chunk.columns
    # DMS writes every column of a table, so a missing one is no empty value: null would replace the right value.
    is_strict = contract.schema_policy is SchemaPolicy.STRICT
    is_gone = (contract.source.is_database or is_strict) and not is_sent and column in contract.columns
    if (column.required or is_gone) and values.null_count:
        missing = set(_positions(_missing(column, contract=contract, chunk=chunk, values=values)))
        reason = "required, but empty" if is_sent else "required, but the file has no such column"
        if is_gone and not contract.source.is_database and not column.required:
            reason = "the file has no such column, and the contract's schemaPolicy is strict"
        elif is_gone and contract.source.is_database:
            reason = f"column {column.source_name} is missing from the change file: renamed or dropped at the source?"
        for i in missing - converted.rejected.keys():
            reasons[i].append({"column": column.name, "reason": reason})
    for rule, mask in broken_rules(values, column):
        positions = _positions(mask)
        texts = as_text(values.take(pa.array(positions))).to_pylist()
        for i, text in zip(positions, texts, strict=True):
            reason = f"{rule}, found {show(text)}{explanation(rule, text)}"
            reasons[i].append({"column": column.name, "reason": reason})


def _missing(column: Column, *, contract: Contract, chunk: Chunk, values: pa.Array) -> pa.Array:
    """Return the mask of missing required values; for a row that the source deleted, DMS may send only the key."""
    missing = pc.is_null(values)
    if not contract.source.is_database or column.name in contract.key:
        return missing
    operation = chunk.columns.get(dms.OPERATION)
    if operation is None or column.source_name in (dms.OPERATION, dms.COMMIT_TIMESTAMP):
        return missing
    deleted = pc.fill_null(pc.equal(as_text(operation), dms.DELETE), False)
    return pc.and_(missing, pc.invert(deleted))


def _unknown_columns(contract: Contract, chunk: Chunk) -> defaultdict[int, dict[str, object]]:
    """Return values of columns that the contract lacks, by the record's position; the raw table keeps them."""
    known = {column.source_name for column in row_columns(contract)}
    extras: defaultdict[int, dict[str, object]] = defaultdict(dict)
    extras.update({i: dict(fields) for i, fields in chunk.extras.items() if fields})
    for name, array in chunk.columns.items():
        if name in known or array.null_count == len(array):
            continue
        positions = _positions(pc.is_valid(array))
        for i, value in zip(positions, json_values(array.drop_null()), strict=True):
            extras[i][name] = value
    return extras


def _reject_unknown(
    contract: Contract, extras: Mapping[int, Mapping[str, object]], reasons: defaultdict[int, Reasons]
) -> None:
    """Add a reason for each unknown column with a value, and for each column with unknown fields."""
    known = {column.source_name: column.name for column in row_columns(contract)}
    for i, names in extras.items():
        for name in names:
            reason = "has fields that the contract does not have"
            if name not in known:
                reason = f"column {show(name)} is not in the contract"
            reasons[i].append({"column": known.get(name), "reason": f"{reason}, and its schemaPolicy is strict"})


def _with_unknown_fields(sent: pa.Array, column: Column, *, rejected: dict[int, str]) -> list[int]:
    """Return the positions of accepted values that have fields which their type lacks."""
    texts = sent if pa.types.is_string(sent.type) else as_text(sent)
    return [
        i
        for i, text in enumerate(texts.to_pylist())
        if text and i not in rejected and has_unknown_fields(load(text), column.type)
    ]


def _positions(mask: pa.Array) -> list[int]:
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False)).tolist()


def _sparse(values: Mapping[int, object], count: int, type_: pa.DataType) -> pa.Array:
    """Return an array of `count` values: those given, at their positions, and null everywhere else."""
    if not values:
        return pa.nulls(count, type_)
    index = np.full(count, -1, dtype=np.int64)
    index[list(values)] = np.arange(len(values))
    return pa.array(list(values.values()), type=type_).take(pa.array(index, mask=index < 0))
