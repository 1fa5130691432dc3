"""Texts in a contract's format: each letter count means what Java says, for single values and for whole arrays."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.time_format import check
from lakehouse.contracts.types import DATE, STRING, TIMESTAMP, Type
from lakehouse.readers.text import convert
from lakehouse.readers.values import RejectedError, parse
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("java", "text", "expected"),
    [
        ("yyyy-MM-dd", "2026-02-03", datetime(2026, 2, 3)),
        ("d/M/yyyy", "3/2/2026", datetime(2026, 2, 3)),
        ("d/M/yyyy", "03/12/2026", datetime(2026, 12, 3)),
        ("dMMyyyy", "3022026", datetime(2026, 2, 3)),
        ("dd.MM.yy HH:mm", "03.02.26 17:05", datetime(2026, 2, 3, 17, 5)),
        ("dd.MM.yy", "03.02.85", datetime(2085, 2, 3)),
        ("MMM d, yyyy h:mm a", "Feb 3, 2026 5:05 PM", datetime(2026, 2, 3, 17, 5)),
        ("MMM d, yyyy hh:mm a", "FEB 3, 2026 12:05 am", datetime(2026, 2, 3, 0, 5)),
        ("d MMMM yyyy HH:mm a", "3 February 2026 17:05 PM", datetime(2026, 2, 3, 17, 5)),
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03T17:05:06.789", datetime(2026, 2, 3, 17, 5, 6, 789_000)),
        ("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "2026-02-03 17:05:06.123456000", datetime(2026, 2, 3, 17, 5, 6, 123_456)),
        ("yyyyMMddHHmmss", "20260203170506", datetime(2026, 2, 3, 17, 5, 6)),
        ("yyyyMMddHHmmssSSS", "20260203170506789", datetime(2026, 2, 3, 17, 5, 6, 789_000)),
        ("yyyy 'o''clock' MM dd", "2026 o'clock 02 03", datetime(2026, 2, 3)),
        ("yyyy '100%' MM dd", "2026 100% 02 03", datetime(2026, 2, 3)),
        ("yyyy-MM-dd HH:mmX", "2026-02-03 17:05+02", datetime(2026, 2, 3, 15, 5)),
        ("yyyy-MM-dd HH:mmX", "2026-02-03 17:05Z", datetime(2026, 2, 3, 17, 5)),
        ("yyyy-MM-dd HH:mmXXX", "2026-02-03 17:05-05:30", datetime(2026, 2, 3, 22, 35)),
        ("yyyy-MM-dd HH:mm Z", "2026-02-03 17:05 +0200", datetime(2026, 2, 3, 15, 5)),
        ("yyyy-MM-dd HH:mmZZZZZ", "2026-02-03 17:05+02:00:30", datetime(2026, 2, 3, 15, 4, 30)),
    ],
)
def test_what_java_writes_is_read(java: str, text: str, expected: datetime) -> None:
    check(java, TIMESTAMP.kind)
    assert convert(pa.array([text]), TIMESTAMP, time_format=java).values.to_pylist() == [expected.replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    ("java", "text"),
    [
        ("ddMMyyyy", "1022026"),
        ("MMddyyyy", "1022026"),
        ("yyyyMMdd", "2026102"),
        ("yyyyMMddHHmmss", "2026010203045"),
        ("yyyyMMdd", "020260102"),
        ("dd/MM/yyyy", "1/02/2026"),
        ("dd/MM/yyyy", "01/2/2026"),
        ("dd/MM/yyyy", "01/02/26"),
        ("dd/MM/yyyy", "01/02/02026"),
        ("dd/MM/yy", "01/02/2026"),
        ("d/M/yyyy", "001/2/2026"),
        ("dd/MM/yyyy", "31/04/2026"),
        ("dd/MM/yyyy", "\uff11\uff12/01/2026"),
        ("dd/MM/yyyy", "+1/01/2026"),
        ("dd/MM/yyyy HH:mm", "01/02/2026  10:30"),
        ("dd/MM/yyyy HH:mm", "01/02/2026 24:00"),
        ("dd/MM/yyyy HH:mm", "01/02/2026 7:30"),
        ("dd/MM/yyyy HH:mm a", "01/02/2026 05:30 PM"),
        ("dd/MM/yyyy hh:mm a", "01/02/2026 13:30 PM"),
        ("dd/MM/yyyy hh:mm a", "01/02/2026 00:30 AM"),
        ("dd/MM/yyyy HH:mm:ss", "01/02/2026 10:30:60"),
        ("dd/MM/yyyy HH:mm:ss.SSS", "01/02/2026 10:30:00.5"),
        ("dd/MM/yyyy HH:mm:ss.SSSSSS", "01/02/2026 10:30:00.500"),
        ("dd MMM yyyy", "01 March 2026"),
        ("dd MMMM yyyy", "01 Mar 2026"),
        ("yyyy-MM-dd'T'HH:mm", "2026-02-03t17:05"),
        ("yyyy-MM-dd HH:mmXXX", "2026-02-03 17:05+0200"),
        ("yyyy-MM-dd HH:mmXX", "2026-02-03 17:05+02"),
        ("yyyy-MM-dd HH:mmZ", "2026-02-03 17:05Z"),
        ("yyyy-MM-dd HH:mmxxx", "2026-02-03 17:05Z"),
        ("yyyy-MM-dd HH:mmXXX", "2026-02-03 17:05+19:00"),
        ("yyyy-MM-dd HH:mmXXX", "2026-02-03 17:05+02:60"),
    ],
)
def test_what_java_does_not_read_is_rejected(java: str, text: str) -> None:
    check(java, TIMESTAMP.kind)
    for before in ([], ["31/12/2026"]):
        converted = convert(pa.array([*before, text]), TIMESTAMP, time_format=java)
        assert converted.rejected[len(before)] == f"expected timestamp in format {java}, found '{text}'"


def test_finer_than_microseconds() -> None:
    java = "yyyy-MM-dd HH:mm:ss.SSSSSSSSS"
    converted = convert(pa.array(["2026-02-03 17:05:06.123456789"]), TIMESTAMP, time_format=java)
    assert converted.rejected[0].startswith("timestamp finer than microseconds")


def test_dates_and_times_of_day_in_a_file() -> None:
    shop = contract(
        column("day", DATE, options=Options(time_format="ddMMyyyy HH:mmX")),
        column("at", STRING, options=Options(time_format="h:mm a", format=Format.TIME)),
    )
    result = rows(shop, b"day,at\n01022026 00:00Z,1:05 PM\n01022026 00:00+02,13:05\n1022026 00:00Z,\n")
    assert accepted(result) == [{"day": date(2026, 2, 1), "at": "13:05:00"}]
    assert reasons(result) == [
        "day: expected date without a time of day or an offset, found '01022026 00:00+02'",
        "at: expected time in format h:mm a, found '13:05'",
        "day: expected date in format ddMMyyyy HH:mmX, found '1022026 00:00Z'",
    ]


# The reference: tries every number of characters for each part of a format, from the left.

NAMES = [date(2026, month, 1).strftime("%B") for month in range(1, 13)]
Values = dict[str, int]


def digits(name: str, *lengths: int, plus: int = 0) -> Callable[[str], Values | None]:
    def read(text: str) -> Values | None:
        if len(text) not in lengths or any(character not in "0123456789" for character in text):
            return None
        return {name: int(text) + plus}

    return read


def fraction(length: int) -> Callable[[str], Values | None]:
    def read(text: str) -> Values | None:
        found = digits("nano", length)(text)
        return found and {"nano": found["nano"] * 10 ** (9 - length)}

    return read


def name_of_month(cut: int) -> Callable[[str], Values | None]:
    names = [name[:cut].lower() for name in NAMES]
    return lambda text: {"M": names.index(text.lower()) + 1} if text.lower() in names and text.isascii() else None


def offset(*, colon: str, minutes: bool, zulu: bool) -> Callable[[str], Values | None]:
    def read(text: str) -> Values | None:
        if text == "Z":
            return {"offset": 0} if zulu else None
        sign, rest = text[:1], text[1:]
        if sign not in ("+", "-"):
            return None
        if colon and rest[2:3] != colon:
            return None
        rest = rest[:2] + rest[2 + len(colon) :]
        lengths = (4,) if minutes else (2, 4)
        if digits("", *lengths)(rest) is None or int(rest[2:] or 0) > 59:
            return None
        size = int(rest[:2]) * 60 + int(rest[2:] or 0)
        return {"offset": size if sign == "+" else -size} if size <= 18 * 60 else None

    return read


LETTERS: dict[str, Callable[[str], Values | None]] = {
    "yyyy": digits("y", 4),
    "uuuu": digits("y", 4),
    "yy": digits("y", 2, plus=2000),
    "y": digits("y", 1, 2, 3, 4),
    "MMMM": name_of_month(99),
    "MMM": name_of_month(3),
    "MM": digits("M", 2),
    "M": digits("M", 1, 2),
    "dd": digits("d", 2),
    "d": digits("d", 1, 2),
    "HH": digits("H", 2),
    "H": digits("H", 1, 2),
    "hh": digits("h", 2),
    "h": digits("h", 1, 2),
    "mm": digits("m", 2),
    "m": digits("m", 1, 2),
    "ss": digits("s", 2),
    "s": digits("s", 1, 2),
    "S": fraction(1),
    "SSS": fraction(3),
    "SSSSSS": fraction(6),
    "SSSSSSSSS": fraction(9),
    "a": lambda text: {"a": text.lower() == "pm"} if text.lower() in ("am", "pm") else None,
    "X": offset(colon="", minutes=False, zulu=True),
    "XX": offset(colon="", minutes=True, zulu=True),
    "XXX": offset(colon=":", minutes=True, zulu=True),
    "x": offset(colon="", minutes=False, zulu=False),
    "xxx": offset(colon=":", minutes=True, zulu=False),
    "Z": offset(colon="", minutes=True, zulu=False),
}
Format_ = tuple[str, ...]


def readings(text: str, parts: Format_) -> Iterator[Values]:
    """Yield every way to read a text."""
    if not parts:
        if not text:
            yield {}
        return
    for length in range(min(len(text), 10) + 1):
        head = text[:length]
        first = LETTERS[parts[0]](head) if parts[0] in LETTERS else {} if head == parts[0] else None
        if first is not None:
            for rest in readings(text[length:], parts[1:]):
                yield first | rest


def reference(text: str, parts: Format_, type_: Type) -> object:
    """Return the value of a text, or "rejected"."""
    found = list(readings(text.strip(), parts))
    if not text.strip():
        return None
    assert len(found) <= 1, "the format is ambiguous and should have been refused"
    if not found:
        return "rejected"
    (values,) = found
    hour = values.get("H", 0)
    if "h" in values:
        if not 1 <= values["h"] <= 12:
            return "rejected"
        hour = values["h"] % 12 + 12 * values["a"]
    elif "a" in values and values["a"] != (hour > 11):
        return "rejected"
    if values.get("nano", 0) % 1000:
        return "rejected"
    try:
        zone = timezone(timedelta(minutes=values.get("offset", 0)))
        at = datetime(
            values["y"], values["M"], values["d"], hour, values.get("m", 0), values.get("s", 0),
            values.get("nano", 0) // 1000, zone,
        )  # fmt: skip
        if type_ is TIMESTAMP:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return "rejected"
    return (
        "rejected"
        if (at.hour, at.minute, at.second, at.microsecond) != (0, 0, 0, 0) or zone.utcoffset(None)
        else at.date()
    )


def written(at: datetime, letters: str, east: int) -> str:
    """Return what Java writes for some letters."""
    match letters:
        case "yyyy" | "uuuu":
            return f"{at.year:04}"
        case "yy":
            return f"{at.year % 100:02}"
        case "MMMM":
            return NAMES[at.month - 1]
        case "MMM":
            return NAMES[at.month - 1][:3]
        case "a":
            return "PM" if at.hour > 11 else "AM"
        case "X" | "x" | "XX" | "Z":
            return f"{'-' if east < 0 else '+'}{abs(east) // 60:02}{abs(east) % 60:02}"
        case "XXX" | "xxx":
            return f"{'-' if east < 0 else '+'}{abs(east) // 60:02}:{abs(east) % 60:02}"
    if letters[0] == "S":
        return f"{at.microsecond * 1000:09}"[: len(letters)]
    value = {"y": at.year, "M": at.month, "d": at.day, "H": at.hour, "h": (at.hour - 1) % 12 + 1}
    number = (value | {"m": at.minute, "s": at.second})[letters[0]]
    return f"{number:0{len(letters)}}"


SEPARATORS = ["", "", "/", "-", ".", " ", ":", ", ", "T", "1", "%", "'"]


@st.composite
def formats(draw: st.DrawFn) -> Format_:
    one = [["yyyy", "uuuu", "yy", "y"], ["MM", "M", "MMM", "MMMM"], ["dd", "d"]]
    clock = draw(st.sampled_from([[], [["HH", "H"]], [["HH", "H"], ["mm", "m"]], [["hh", "h"], ["mm"], ["a"]],
        [["HH", "H"], ["mm", "m"], ["ss", "s"]], [["HH"], ["mm"], ["ss"], ["S", "SSS", "SSSSSS", "SSSSSSSSS"]],
        [["HH"], ["mm"], ["a"]]]))  # fmt: skip
    zone = draw(st.sampled_from([[], [], [["X", "XX", "XXX", "x", "xxx", "Z"]]]))
    order = draw(
        st.one_of(st.permutations(one).map(lambda day: [*day, *clock, *zone]), st.permutations(one + clock + zone))
    )
    parts: list[str] = []
    for choice in order:
        parts += [draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(choice))]
    return tuple(part for part in parts[1:] if part)


def as_java(parts: Format_) -> str:
    return "".join(part if part in LETTERS else "'" + part.replace("'", "''") + "'" for part in parts)


@st.composite
def texts(draw: st.DrawFn, parts: Format_) -> str:
    """A text in the format or near it: zeros lost or added, a character removed, changed or added."""
    at = draw(
        st.datetimes(min_value=datetime(1, 1, 1)).map(lambda at: at if at.year % 7 else at.replace(hour=0, minute=0))
    )
    at = draw(st.sampled_from([at, datetime(at.year, at.month, at.day)]))
    east = draw(st.sampled_from([0, 120, -330, 18 * 60, 19 * 60]))
    pieces = [written(at, part, east) if part in LETTERS else part for part in parts]
    change = draw(st.sampled_from(["none", "none", "no zeros", "zero", "cut", "change", "add"]))
    at_piece = draw(st.integers(0, len(pieces) - 1))
    if change == "no zeros":
        pieces[at_piece] = pieces[at_piece].lstrip("0") or "0"
    if change == "zero":
        pieces[at_piece] = "0" + pieces[at_piece]
    text = "".join(pieces)
    place = draw(st.integers(0, len(text)))
    other = draw(st.sampled_from("0129 /:aZ+-\u0661"))
    changed = {"cut": text[:place] + text[place + 1 :], "change": text[:place] + other + text[place + 1 :]}
    changed["add"] = text[:place] + other + text[place:]
    return changed.get(change, text)


@settings(max_examples=examples(400))
@given(st.data(), formats(), st.sampled_from([DATE, TIMESTAMP]))
def test_arrays_single_values_and_the_reference_agree(data: st.DataObject, parts: Format_, type_: Type) -> None:
    java = as_java(parts)
    try:
        check(java, type_.kind)
    except ValueError:
        assume(False)
    sent = data.draw(st.lists(texts(parts), min_size=1, max_size=4))
    expected = [reference(text, parts, type_) for text in sent]
    converted = convert(pa.array(sent), type_, time_format=java)
    values = converted.values.to_pylist()
    assert ["rejected" if i in converted.rejected else value for i, value in enumerate(values)] == expected
    for text, value in zip(sent, expected, strict=True):
        try:
            assert parse(text, type_, time_format=java) == value
        except RejectedError:
            assert value == "rejected"
