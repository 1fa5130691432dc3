"""Operation, commit time and change sequence of a change event, from the words and numbers of its source."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lakehouse.contracts.changes import Changes, Order, OrderType, TimeUnit
from lakehouse.contracts.types import TIMESTAMP
from lakehouse.readers.values import RejectedError, parse, show

DIGITS = 35
"""Digits of a whole number in a change sequence, as in those of DMS."""

_TEXT = re.compile(r"[!-~]{1,200}")
_LOG_FILE = re.compile(rf".*\.([0-9]{{1,{DIGITS}}})", re.DOTALL)
_LOG_POSITION = re.compile(rf".*\.([0-9]{{1,{DIGITS}}}):([0-9]{{1,{DIGITS}}})", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {
    TimeUnit.SECONDS: 1,
    TimeUnit.MILLISECONDS: 10**3,
    TimeUnit.MICROSECONDS: 10**6,
    TimeUnit.NANOSECONDS: 10**9,
}
_TRUNCATE = (
    "the source truncated the table, and no event names the rows that it removed: load the table again, or send a "
    "delete for each row"
)


def operation(word: str | None, changes: Changes) -> str:
    """Return the operation of DMS (I, U or D) for the source's word.

    Raises:
        RejectedError: the contract does not know the word.
    """
    known = dict(changes.operations)
    if word in known:
        return known[word]
    if changes.preset == "debezium" and word == "t":
        raise RejectedError(_TRUNCATE)
    found = "none" if word is None else show(word)
    raise RejectedError(f"expected an operation, one of {', '.join(known)}, found {found}")


def commit_time(text: str | None, changes: Changes) -> str | None:
    """Return the commit time in ISO 8601; None if the contract names none.

    Raises:
        RejectedError: it is missing or no time.
    """
    if changes.time is None:
        return None
    if text is None or not text.strip():
        raise RejectedError(f"expected the commit time in {'.'.join(changes.time)}, found none")
    if changes.time_unit is None:
        return instant(parse(text, TIMESTAMP))
    return instant(since_1970(text, changes.time_unit))


def since_1970(text: str, unit: TimeUnit) -> datetime:
    """Return the time that a whole number of units after 1970 stands for.

    Raises:
        RejectedError: it is no whole number, finer than microseconds, or outside the years 1 to 9999.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()):
        raise RejectedError(f"expected {unit} since 1970, found {show(text)}")
    micros, finer = divmod(int(text) * 10**6, _PER_SECOND[unit])
    if finer:
        raise RejectedError(f"timestamp finer than microseconds, found {show(text)}")
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise RejectedError(f"timestamp outside the years 1 to 9999 in UTC, found {show(text)}") from None


def instant(at: datetime) -> str:
    """Return a time in UTC as text that sorts like the time."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def sequence(texts: Sequence[str | None], changes: Changes, *, is_load: bool) -> str | None:
    """Return a text that sorts like the order of the changes; None if columns of the dataset order them.

    Args:
        texts: value of each part of the order; None if the event lacks it.
        changes: form of the events.
        is_load: whether the event is a row that was read; without an order it is older than every change.

    Raises:
        RejectedError: a part is missing, or is no value of its type.
    """
    if not changes.order:
        return None
    if is_load and any(text is None for text in texts):
        return ""
    # A blank sorts before every character of a part, so the first part that differs decides.
    return " ".join(_part(text, order) for text, order in zip(texts, changes.order, strict=True))


def _part(text: str | None, order: Order) -> str:
    where = ".".join(order.path)
    if text is None or not text.strip():
        raise RejectedError(f"expected the order of the change in {where}, found none")
    match order.type:
        case OrderType.TIMESTAMP:
            return instant(parse(text, TIMESTAMP))
        case OrderType.TEXT if _TEXT.fullmatch(text):
            return text
        case OrderType.LOG_FILE if match := _LOG_FILE.fullmatch(text):
            return match[1].zfill(DIGITS)
        case OrderType.LOG_POSITION if match := _LOG_POSITION.fullmatch(text):
            return f"{match[1].zfill(DIGITS)} {match[2].zfill(DIGITS)}"
        case OrderType.INTEGER if re.fullmatch(rf"[0-9]{{1,{DIGITS}}}", text):
            return text.zfill(DIGITS)
    expected = {
        OrderType.INTEGER: f"a whole number from 0 of at most {DIGITS} digits",
        OrderType.TEXT: "at most 200 characters of ASCII without blanks",
        OrderType.LOG_FILE: "the name of a log file that ends with a dot and a number",
        OrderType.LOG_POSITION: "a log file and a position, such as mysql-bin.000003:4711",
    }[order.type]
    raise RejectedError(f"expected {expected} in {where}, found {show(text)}")
