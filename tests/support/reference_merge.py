"""The reference result of integration, in as few lines as possible; docs/changes.md shows it."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

Record = dict[str, Any]


def current(
    records: Iterable[Record], *, key: Callable[[Record], Hashable], rank: Callable[[Record], Any]
) -> dict[Hashable, Record]:
    """The version of each key that wins: the one of the greatest rank; of equals the one that was received first."""
    state: dict[Hashable, Record] = {}
    for record in sorted(records, key=received):
        held = state.get(key(record))
        if held is None or rank(record) > rank(held):
            state[key(record)] = record
    return state


def received(record: Record) -> tuple[str, str, int]:
    return record["_batch_id"], record["_source_file"], record["_source_row"]


def nulls_lowest(value: Any) -> Any:
    """Values as they sort, those of lists and structs within."""
    if isinstance(value, dict):
        value = list(value.values())
    return (value is not None, [nulls_lowest(item) for item in value] if isinstance(value, list) else value)
