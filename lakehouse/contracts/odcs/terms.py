"""How a dataset's records add up to its state: ingest, ordering, deduplication, and what these demand of its key."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lakehouse.contracts import dms
from lakehouse.contracts.model import Column, Deduplicate, Ingest, Partition, Source
from lakehouse.contracts.odcs.custom import Setting, texts, word
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, YamlPath, one_of

_UNORDERED = (Kind.BOOLEAN, Kind.BINARY, Kind.LIST, Kind.STRUCT)


class Terms(NamedTuple):
    """Values of the custom properties of these names."""

    ingest: Ingest
    ordering: tuple[str, ...]
    deduplicate: Deduplicate


def terms(
    given: Mapping[str, Setting],
    *,
    columns: Sequence[Column],
    key: Sequence[str],
    source: Source | None,
    violations: Violations,
) -> Terms:
    """Read how records add up, and check that it can work.

    Args:
        given: custom properties of the contract.
        columns: the dataset's columns.
        key: names of its key's columns.
        source: where it comes from; records that DMS brings carry DMS's columns too.
        violations: gets what is wrong.
    """
    is_database = source is not None and source.is_database
    if "ingest" not in given:
        remedy = f"add the custom property `ingest`: {' or '.join(Ingest)}"
        violations.add(("customProperties",), "does not say how records arrive", remedy=remedy)
    ingest = word(given["ingest"], Ingest, violations=violations) if "ingest" in given else None
    deduplicate: Deduplicate | None = Deduplicate.NONE
    if "deduplicate" in given:
        deduplicate = word(given["deduplicate"], Deduplicate, violations=violations)
    if ingest is None or deduplicate is None:
        # What else they would demand is not known.
        return Terms(ingest=Ingest.APPEND, ordering=(), deduplicate=Deduplicate.NONE)
    merges = ingest is not Ingest.APPEND
    if merges and "deduplicate" in given:
        violations.add(given["deduplicate"].path, f"{ingest} merges by key anyway", remedy="remove `deduplicate`")
    if (merges or deduplicate is Deduplicate.KEY) and not key:
        reason = ingest if merges else "deduplicate: key"
        violations.add(
            ("schema", 0, "properties"), f"has no key, but {reason} needs one", remedy="mark it `primaryKey: true`"
        )
    if source is not None and source.api and ingest is Ingest.APPEND and deduplicate is Deduplicate.NONE:
        remedy = "add `deduplicate`: key, or record"
        violations.add(("customProperties",), "keeps what an API sends twice, at the edge of two pulls", remedy=remedy)
    if ingest is Ingest.CDC and "ordering" not in given:
        remedy = f"add `ordering`: [{dms.CHANGE_SEQUENCE}]" if is_database else "add `ordering`, e.g. [updated_at]"
        violations.add(("customProperties",), "does not say which of two changes is the later", remedy=remedy)
    if "ordering" in given and not merges and deduplicate is not Deduplicate.KEY:
        violations.add(
            given["ordering"].path, "append keeps every record", remedy="remove it, or set `deduplicate: key`"
        )
    return Terms(
        ingest=ingest,
        ordering=_ordering(given.get("ordering"), columns=columns, is_database=is_database, violations=violations),
        deduplicate=deduplicate,
    )


def check_partitions(
    partitions: Sequence[tuple[Partition, YamlPath]], *, key: Sequence[str], terms: Terms, violations: Violations
) -> None:
    """A key must never move between partitions: a merge reads only the partitions that its batch touches."""
    if terms.ingest is Ingest.APPEND and terms.deduplicate is not Deduplicate.KEY:
        return
    for partition, path in partitions:
        if key and partition.column not in key:
            violations.add(
                path,
                f"{partition.column!r} is not part of the key, so a key could move to another partition",
                remedy=f"partition by the key, e.g. bucket(16, {key[0]}), or make {partition.column!r} part of it",
            )


def _ordering(
    setting: Setting | None, *, columns: Sequence[Column], is_database: bool, violations: Violations
) -> tuple[str, ...]:
    own = {column.name: column for column in columns}
    added = (dms.CHANGE_SEQUENCE, dms.COMMIT_TIMESTAMP) if is_database else ()
    named = texts(setting, violations=violations)
    if setting is not None and setting.value == []:
        violations.add(setting.path, "names no column", remedy="name the columns that grow with every change")
    for name, path in named:
        if name in added:
            continue
        if name not in own:
            violations.add(path, f"{name!r} is no column", remedy=one_of(name, [*added, *own]))
        elif own[name].type.kind in _UNORDERED:
            violations.add(path, f"{name!r} is a {own[name].type} and has no order", remedy="use a time or a number")
        elif not own[name].required:
            violations.add(
                path, f"{name!r} may be null, which is in no order", remedy=f"set `required: true` on {name}"
            )
    return tuple(name for name, _ in named)
