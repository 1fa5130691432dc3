"""Draft the contract of files, and check it against every record of every file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.contracts.model import Contract
from lakehouse.drafting.dialect import Dialect, dialect
from lakehouse.drafting.document import Draft, DraftColumn, Line
from lakehouse.drafting.names import dataset_name, source_name
from lakehouse.drafting.observed import Place
from lakehouse.drafting.profile import profile
from lakehouse.drafting.proposals import TEXT, drafted_columns
from lakehouse.errors import LakehouseError
from lakehouse.readers.reader import read_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft and how its contract reads all records.

    Attributes:
        draft: the draft.
        records: number of records.
        rejected: number of rejected records.
        reasons: each reason that a record is rejected for, with its first place.
    """

    draft: Draft
    records: int
    rejected: int
    reasons: dict[str, Place]


def draft_files(
    paths: Sequence[Path],
    *,
    domain: str,
    dataset: str | None = None,
    source: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
) -> Checked:
    """Draft the contract of one dataset from all its files.

    Args:
        paths: the files.
        domain: domain of the dataset.
        dataset: its name; None for the name of the first file.
        source: name of the source; None for the name of the dataset.
        encoding, delimiter, header: how the files are written, if it should not be guessed.

    Raises:
        LakehouseError: the files have no record that could tell columns.
    """
    written = dialect(paths, encoding=encoding, delimiter=delimiter, header=header)
    found = profile(paths, written)
    if not found.columns:
        raise LakehouseError(
            f"{paths[0]}: no record below a header could be read as {written.format}: "
            "correct the file, or give --encoding or --delimiter"
        )
    name = dataset or dataset_name(paths[0].name.partition(".")[0])
    draft = Draft(
        domain=domain,
        dataset=name,
        server=_server(source or source_name(name), written),
        custom=[
            Line("ingest", "append", "files tell no key; with one, `snapshot` or `deduplicate: key` may be right"),
        ],
        columns=drafted_columns(found, has_names=written.format != "csv" or written.header),
        notes=[f"Drafted from {found.records:,} records of {', '.join(path.name for path in paths)}."],
    )
    return _check(draft, paths)


def _server(source: str, written: Dialect) -> list[Line]:
    lines = [Line("server", source), Line("type", "s3"), Line("format", written.format)]
    if written.encoding != "utf-8":
        lines.append(Line("encoding", written.encoding, written.reason("encoding")))
    if written.format == "csv":
        lines.append(Line("delimiter", written.delimiter, written.reason("delimiter")))
        properties: list[dict[str, object]] = []
        if written.quote != '"':
            properties.append({"property": "quote", "value": written.quote})
        if not written.header:
            properties.append({"property": "header", "value": False})
        if properties:
            lines.append(Line("customProperties", properties, written.reason("header")))
    return lines


def _check(draft: Draft, paths: Sequence[Path]) -> Checked:
    """Read all files by the drafted contract, and widen what rejects a record, until all reasons are true ones."""
    while True:
        checked, wrong = _read(draft, paths)
        widened = [column for column in draft.columns if column.name in wrong and _widen(column, *wrong[column.name])]
        if not widened:
            return checked


def _read(draft: Draft, paths: Sequence[Path]) -> tuple[Checked, dict[str, tuple[str, Place]]]:
    """Return how a draft reads all files, and of each column the first reason that rejects a value."""
    contract = draft.contract()
    records = rejected = 0
    reasons: dict[str, Place] = {}
    wrong: dict[str, tuple[str, Place]] = {}
    for count, row, entries in readings(contract, paths):
        records += count
        rejected += bool(entries)
        for column, kind in entries:
            reasons.setdefault(f"{column}: {kind}" if column else kind, row)
            if column:
                wrong.setdefault(column, (kind, row))
    return Checked(draft=draft, records=records, rejected=rejected, reasons=reasons), wrong


def readings(contract: Contract, paths: Sequence[Path]) -> Iterator[tuple[int, Place, list[tuple[str | None, str]]]]:
    """Yield how a contract reads files: number of records of a batch, then each rejected record with its reasons.

    A reason has no value of the record, which may be confidential.
    """
    for path in paths:
        with path.open("rb") as file:
            for batch in read_file(contract, file, source_file=path.name):
                yield len(batch), Place(path.name, 0), []
                errors = batch["_errors"]
                if errors.null_count == len(errors):
                    continue
                for row, entries in zip(batch["_source_row"].to_pylist(), errors.to_pylist(), strict=True):
                    if entries:
                        reasons = [(entry["column"], entry["reason"].partition(", found ")[0]) for entry in entries]
                        yield 0, Place(path.name, row), reasons


def _widen(column: DraftColumn, reason: str, place: Place) -> bool:
    """Widen a column whose guess rejects a record; return whether it could be widened."""
    if reason.startswith("required"):
        column.others = [line for line in column.others if line.key != "required"]
        column.notes.append(f"{place} has no value, therefore not required")
        return True
    if tuple(column.type) == TEXT:
        return False
    is_json = any(line.value in ("json", "array", "object") for line in column.type)
    json = [Line("logicalType", "object"), Line("physicalType", "json")]
    if is_json and column.type == json:
        return False
    was = next((str(line.value) for line in column.type if line.key == "logicalType"), "another type")
    column.type = json if is_json else [*TEXT]
    column.notes.append(f"not {was}: {place} {reason}")
    return True
