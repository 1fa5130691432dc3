"""Differences between two versions of a contract, and whether they break those who read the table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from lakehouse.contracts.classification import UNCLASSIFIED, Classification
from lakehouse.contracts.model import Column, Contract, Options, SchemaPolicy
from lakehouse.contracts.types import can_widen


class Effect(StrEnum):
    """Whom a difference concerns."""

    BREAKING = "breaking"
    """Queries, models or reports may fail or show other values, or a promise to readers is lowered."""
    STRICTER = "stricter"
    """Records that were accepted may be rejected, or a batch may be blocked."""
    COMPATIBLE = "compatible"
    """Nobody has to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference of one dataset.

    Attributes:
        dataset: name of the dataset.
        effect: whom it concerns.
        detail: what differs, for people to read.
        column: the column that differs; None for the dataset.
    """

    dataset: str
    effect: Effect
    detail: str
    column: str | None = None


_CONTRACT = {
    "domain": Effect.BREAKING,
    "key": Effect.BREAKING,
    "ingest": Effect.BREAKING,
    "ordering": Effect.BREAKING,
    "deduplicate": Effect.BREAKING,
    "partitions": Effect.BREAKING,
    "row_filter": Effect.BREAKING,
    "may_be_empty": Effect.STRICTER,
    "size": Effect.COMPATIBLE,
    "owner": Effect.COMPATIBLE,
    "description": Effect.COMPATIBLE,
}
"""Effect of any other value of these fields; the fields that are not here are compared below."""

_OWN_RULES = {"path", "dataset", "version", "columns", "source", "quality", "freshness", "retention", "schema_policy"}
_COLUMN = {"source_name": Effect.STRICTER, "unique": Effect.STRICTER, "description": Effect.COMPATIBLE}
_COLUMN_OWN_RULES = {"name", "type", "required", "classification", "enum", "options"}


def differences(old: Sequence[Contract], new: Sequence[Contract]) -> list[Difference]:
    """Return the differences between two versions of all contracts, in the order of the datasets."""
    before, after = ({contract.dataset: contract for contract in contracts} for contracts in (old, new))
    found: list[Difference] = []
    for dataset in sorted(before | after):
        if dataset not in after:
            found.append(Difference(dataset=dataset, effect=Effect.BREAKING, detail="the contract is removed"))
        elif dataset not in before:
            found.append(Difference(dataset=dataset, effect=Effect.COMPATIBLE, detail="a new dataset"))
        else:
            found += _of_contract(before[dataset], after[dataset])
    return found


def unannounced(old: Sequence[Contract], new: Sequence[Contract]) -> list[str]:
    """Return the datasets that have a breaking difference under the same major version, or no contract any longer.

    Source: Semantic Versioning 2.0.0, rule 8: a change that is not backward compatible raises the major version.
    """
    breaking = {found.dataset for found in differences(old, new) if found.effect is Effect.BREAKING}
    majors = [{item.dataset: int(item.version.partition(".")[0]) for item in contracts} for contracts in (old, new)]
    return sorted(dataset for dataset in breaking if majors[1].get(dataset, -1) <= majors[0][dataset])


def _of_contract(old: Contract, new: Contract) -> Iterator[Difference]:
    if old.schema_policy is not new.schema_policy:
        effect = Effect.STRICTER if new.schema_policy is SchemaPolicy.STRICT else Effect.COMPATIBLE
        detail = f"schema policy: {old.schema_policy} -> {new.schema_policy}"
        yield Difference(dataset=new.dataset, effect=effect, detail=detail)
    for effect, detail in [*_plain(old, new, _CONTRACT), *_source(old, new), *_promises(old, new), *_quality(old, new)]:
        yield Difference(dataset=new.dataset, effect=effect, detail=detail)
    before, after = ({column.name: column for column in contract.columns} for contract in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        for effect, detail in _of_column(before.get(name), after.get(name)):
            yield Difference(dataset=new.dataset, effect=effect, detail=f"column {name}: {detail}", column=name)


def _plain(old: Any, new: Any, effects: Mapping[str, Effect]) -> Iterator[tuple[Effect, str]]:
    for name, effect in effects.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield effect, f"{name.replace('_', ' ')}: {_shown(before)} -> {_shown(after)}"


def _source(old: Contract, new: Contract) -> Iterator[tuple[Effect, str]]:
    for name in (field.name for field in fields(old.source)):
        before, after = getattr(old.source, name), getattr(new.source, name)
        if before != after:
            detail = "" if name == "api" else f": {_shown(before)} -> {_shown(after)}"
            yield Effect.STRICTER, f"source {name.replace('_', ' ')}{detail or ' differs'}"


def _promises(old: Contract, new: Contract) -> Iterator[tuple[Effect, str]]:
    """Compare the promised age of data, which may fall, and how long it is kept, which may rise."""
    for name, before, after, lowered in (
        ("freshness", old.freshness, new.freshness, _age(old.freshness) < _age(new.freshness)),
        ("retention", old.retention, new.retention, _age(old.retention) > _age(new.retention)),
    ):
        if before != after:
            effect = Effect.BREAKING if lowered else Effect.COMPATIBLE
            yield effect, f"{name}: {_shown(before)} -> {_shown(after)}"


def _age(duration: timedelta | None) -> timedelta:
    return timedelta.max if duration is None else duration


def _quality(old: Contract, new: Contract) -> Iterator[tuple[Effect, str]]:
    before, after = ({rule.name: rule for rule in contract.quality} for contract in (old, new))
    for name in sorted(before | after):
        if name not in after:
            yield Effect.BREAKING, f"quality rule {name} is removed"
        elif name not in before:
            yield Effect.STRICTER, f"quality rule {name} is new"
        elif before[name] != after[name]:
            yield Effect.BREAKING, f"quality rule {name} measures or promises something else"


def _of_column(old: Column | None, new: Column | None) -> Iterable[tuple[Effect, str]]:
    if old is None:
        assert new is not None
        return [(Effect.STRICTER, "new, required")] if new.required else [(Effect.COMPATIBLE, "new")]
    if new is None:
        return [(Effect.BREAKING, "removed")]
    return [*_type(old, new), *_plain(old, new, _COLUMN), *_values(old, new), *_classification(old, new)]


def _type(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    if old.type != new.type:
        widens = can_widen(old.type, new.type)
        yield Effect.COMPATIBLE if widens else Effect.BREAKING, f"{old.type} -> {new.type}"
    if old.required != new.required:
        yield (Effect.STRICTER, "optional -> required") if new.required else (Effect.BREAKING, "required -> optional")


def _values(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    """Compare what values may be: readers may rely on it, and sources have to follow it."""
    if set(old.enum) != set(new.enum):
        allowed = set(new.enum) - set(old.enum) or not new.enum
        effect = Effect.BREAKING if old.enum and allowed else Effect.STRICTER
        yield effect, f"allowed values: {_shown(old.enum)} -> {_shown(new.enum)}"
    for name in (field.name for field in fields(Options)):
        before, after = getattr(old.options, name), getattr(new.options, name)
        if before != after:
            effect = Effect.STRICTER if before is None or name == "time_format" else Effect.BREAKING
            yield effect, f"{name.replace('_', ' ')}: {_shown(before)} -> {_shown(after)}"


def _classification(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    before, after = (Classification(column.classification or UNCLASSIFIED) for column in (old, new))
    if before is not after:
        hidden = after.rank > before.rank
        yield Effect.BREAKING if hidden else Effect.COMPATIBLE, f"classification: {before} -> {after}"


def _shown(value: object) -> str:
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)
