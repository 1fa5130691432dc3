"""Formats of dates and times that cannot be right are refused with the reason, before they read any record."""

import pytest

from lakehouse.contracts.time_format import Part, check, parts
from lakehouse.contracts.types import Kind


@pytest.mark.parametrize(
    ("java", "kind"),
    [
        ("yyyy-MM-dd", Kind.DATE),
        ("d/M/yyyy", Kind.DATE),
        ("dMMyyyy", Kind.DATE),
        ("MMM d, uuuu", Kind.DATE),
        ("dd.MM.yy", Kind.TIMESTAMP),
        ("yyyyMMddHHmmssSSS", Kind.TIMESTAMP),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", Kind.TIMESTAMP),
        ("MM/dd/yyyy h:mm a", Kind.TIMESTAMP),
        ("yyyy-MM-dd H 'o''clock'", Kind.TIMESTAMP),
        ("HHmm", Kind.STRING),
        ("h:mm:ss a", Kind.STRING),
    ],
)
def test_a_format_that_gives_the_values_is_accepted(java: str, kind: Kind) -> None:
    check(java, kind)


@pytest.mark.parametrize(
    ("java", "kind", "reason"),
    [
        ("yyyy-mm-dd", Kind.TIMESTAMP, "mm is the minute and needs an hour, HH; the month is MM"),
        ("yyyy-mm-dd", Kind.DATE, "mm is the minute"),
        ("dd/mm/yyyy HH:mm", Kind.TIMESTAMP, "the minute 2 times"),
        ("dd/MM/yyyy HH:MM", Kind.TIMESTAMP, "the month 2 times"),
        ("dd/MM/yyyy hh:mm", Kind.TIMESTAMP, "needs AM or PM, a"),
        ("dd/MM/yyyy a", Kind.TIMESTAMP, "needs an hour"),
        ("dd/MM/yyyy HH:mm hh a", Kind.TIMESTAMP, "the hour twice"),
        ("dd/MM/yyyy HH:ss", Kind.TIMESTAMP, "needs a minute"),
        ("dd/MM/yyyy HH:mm.SSS", Kind.TIMESTAMP, "needs a second"),
        ("dd/MM/yyyy HH:mm:SS", Kind.TIMESTAMP, "the second is ss"),
        ("HH:mm", Kind.TIMESTAMP, "no year and no month and no day"),
        ("dd/MM HH:mm", Kind.TIMESTAMP, "no year"),
        ("yyyy-MM", Kind.DATE, "no day"),
        ("'yyyy-MM-dd'", Kind.DATE, "no year"),
        ("yyyy-MM-dd HH:mm", Kind.STRING, "no year"),
        ("HH:mmXXX", Kind.STRING, "no offset"),
        ("mm:ss", Kind.STRING, "needs an hour"),
        ("YYYY-MM-dd", Kind.DATE, "write yyyy"),
        ("yyyy-MM-DD", Kind.DATE, "write dd"),
        ("yyyy-MM-dd kk:mm", Kind.TIMESTAMP, "write HH"),
        ("yyyy-MM-dd KK:mm a", Kind.TIMESTAMP, "write hh"),
        ("yyyy-MM-ddTHH:mm", Kind.TIMESTAMP, "quote text: 'T'"),
        ("jj/MM/yyyy", Kind.DATE, "'jj'"),
        ("yyyyy-MM-dd", Kind.DATE, "yyyyy is not read"),
        ("yyyy-MMMMM-dd", Kind.DATE, "MMMMM is not read"),
        ("yyyy-MM-ddd", Kind.DATE, "ddd is not read"),
        ("yyyy-MM-dd HHH:mm", Kind.TIMESTAMP, "HHH is not read"),
        ("yyyy-MM-dd HH:mm aa", Kind.TIMESTAMP, "aa is not read"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSSSSSS", Kind.TIMESTAMP, "is not read"),
        ("yyyy-MM-dd HH:mm:ss VV", Kind.TIMESTAMP, "VV is not read"),
        ("yyyy-MM-dd HH:mm:ss ZZZZ", Kind.TIMESTAMP, "ZZZZ is not read"),
        ("EEEE dd/MM/yyyy", Kind.DATE, "EEEE is not read"),
        ("yyyy-MM-dd[ HH:mm]", Kind.TIMESTAMP, "optional"),
        ("yyyy-MM-dd'T", Kind.DATE, "not closed"),
        ("dMyyyy", Kind.DATE, "d and M each read a varying number of digits"),
        ("yyyyMMddHms", Kind.TIMESTAMP, "varying"),
        ("d'0'Myyyy", Kind.DATE, "varying"),
        ("yyyy-MM-dd ", Kind.DATE, "begins or ends with a space"),
        ("' 'yyyy-MM-dd", Kind.DATE, "begins or ends with a space"),
        ("%d/%m/%Y", Kind.DATE, "Y is the year of a week"),
    ],
)
def test_a_format_that_cannot_be_right_is_refused(java: str, kind: Kind, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check(java, kind)


def test_quotes_enclose_text() -> None:
    assert parts("H 'o''clock'''") == (Part("H", "hour"), Part(" "), Part("o'clock'"))
