"""Read how a dataset's records make its state (ingest, ordering, deduplication), and check that its key allows it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lakehouse.contracts import dms
from lakehouse.contracts.model import Column, Deduplicate, Ingest, Partition, Source
from lakehouse.contracts.odcs.custom import Setting, choice, texts
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, YamlPath, one_of

_UNORDERED = (Kind.BOOLEAN, Kind.BINARY, Kind.LIST, Kind.STRUCT)


class Terms(NamedTuple):
    """Values of the custom properties with the same names."""

    ingest: Ingest
    ordering: tuple[str, ...]
    deduplicate: Deduplicate


def terms(
    custom: Mapping[str, Setting],
    *,
    columns: Sequence[Column],
    key: Sequence[str],
    source: Source | None,
    violations: Violations,
) -> Terms:
    """Read how the records of a dataset make its state, and check that it is possible.

    Args:
        custom: custom properties of the contract.
        columns: the dataset's columns.
        key: names of its key's columns.
        source: its source; records of changes have DMS's columns too. None if it has violations.
        violations: collects the violations.
    """
    added = _added(source, has_changes="changes" in custom)
    if "ingest" not in custom:
        remedy = f"add the custom property `ingest`: {' or '.join(Ingest)}"
        violations.add(("customProperties",), "has no `ingest`", remedy=remedy)
    ingest = choice(custom["ingest"], Ingest, violations=violations) if "ingest" in custom else None
    deduplicate: Deduplicate | None = Deduplicate.NONE
    if "deduplicate" in custom:
        deduplicate = choice(custom["deduplicate"], Deduplicate, violations=violations)
    if ingest is None or deduplicate is None:
        # Without them, nothing else can be checked.
        return Terms(ingest=Ingest.APPEND, ordering=(), deduplicate=Deduplicate.NONE)
    merges = ingest is not Ingest.APPEND
    if merges and "deduplicate" in custom:
        violations.add(custom["deduplicate"].path, f"{ingest} always merges by key", remedy="remove `deduplicate`")
    if (merges or deduplicate is Deduplicate.KEY) and not key:
        reason = ingest if merges else "deduplicate: key"
        violations.add(
            ("schema", 0, "properties"), f"has no key, but {reason} needs one", remedy="mark it `primaryKey: true`"
        )
    if source is not None and source.api and ingest is Ingest.APPEND and deduplicate is Deduplicate.NONE:
        remedy = "add `deduplicate`: key, or record"
        violations.add(
            ("customProperties",), "keeps records twice that an API sends in two consecutive pulls", remedy=remedy
        )
    if ingest is Ingest.CDC and "ordering" not in custom:
        remedy = f"add `ordering`: [{added[0]}]" if added else "add `ordering`, e.g. [updated_at]"
        violations.add(
            ("customProperties",), "has no `ordering`, so two changes of a key have no version order", remedy=remedy
        )
    if "ordering" in custom and not merges and deduplicate is not Deduplicate.KEY:
        violations.add(
            custom["ordering"].path, "append keeps every record", remedy="remove it, or set `deduplicate: key`"
        )
    return Terms(
        ingest=ingest,
        ordering=_ordering(custom.get("ordering"), columns=columns, added=added, violations=violations),
        deduplicate=deduplicate,
    )


def check_partitions(
    partitions: Sequence[tuple[Partition, YamlPath]], *, key: Sequence[str], terms: Terms, violations: Violations
) -> None:
    """Check that a key cannot move between partitions, because an upsert reads only the partitions of its batch."""
    if terms.ingest is Ingest.APPEND and terms.deduplicate is not Deduplicate.KEY:
        return
    for partition, path in partitions:
        if key and partition.column not in key:
            violations.add(
                path,
                f"{partition.column!r} is not part of the key, so a key could move to another partition",
                remedy=f"partition by the key, e.g. bucket(16, {key[0]}), or make {partition.column!r} part of it",
            )


def _added(source: Source | None, *, has_changes: bool) -> tuple[str, ...]:
    """Return the columns about a change that can order the versions of a row, next to the dataset's own columns.

    Args:
        source: the source; its form of changes is missing if it has violations.
        has_changes: whether the contract gives such a form.
    """
    if source is None or not (source.is_database or has_changes):
        return ()
    return (dms.CHANGE_SEQUENCE, *((dms.COMMIT_TIMESTAMP,) if source.has_commit_time else ()))


def _ordering(
    setting: Setting | None, *, columns: Sequence[Column], added: Sequence[str], violations: Violations
) -> tuple[str, ...]:
    by_name = {column.name: column for column in columns}
    names = texts(setting, violations=violations)
    if setting is not None and setting.value == []:
        violations.add(setting.path, "names no column", remedy="name the columns that grow with every change")
    for name, path in names:
        if name in added:
            continue
        if name not in by_name:
            violations.add(path, f"{name!r} is no column", remedy=one_of(name, [*added, *by_name]))
        elif by_name[name].type.kind in _UNORDERED:
            violations.add(
                path, f"{name!r} is a {by_name[name].type} and has no order", remedy="use a time or a number"
            )
        elif not by_name[name].required:
            violations.add(
                path, f"{name!r} may be null, and null has no order", remedy=f"set `required: true` on {name}"
            )
    return tuple(name for name, _ in names)
