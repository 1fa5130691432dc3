from datetime import datetime

import pytest

from lakehouse.contracts.odcs.time_format import strptime


@pytest.mark.parametrize(
    ("java", "text", "expected"),
    [
        ("yyyy-MM-dd", "2026-02-03", datetime(2026, 2, 3)),
        ("d/M/yyyy", "3/2/2026", datetime(2026, 2, 3)),
        ("dd.MM.yy HH:mm", "03.02.26 17:05", datetime(2026, 2, 3, 17, 5)),
        ("MMM d, yyyy h:mm a", "Feb 3, 2026 5:05 PM", datetime(2026, 2, 3, 17, 5)),
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03T17:05:06.789", datetime(2026, 2, 3, 17, 5, 6, 789_000)),
        ("yyyyMMddHHmmss", "20260203170506", datetime(2026, 2, 3, 17, 5, 6)),
        ("yyyy 'o''clock'", "2026 o'clock", datetime(2026, 1, 1)),
        ("yyyy '100%'", "2026 100%", datetime(2026, 1, 1)),
    ],
)
def test_java_formats_read_what_java_writes(java: str, text: str, expected: datetime) -> None:
    assert datetime.strptime(text, strptime(java)) == expected


@pytest.mark.parametrize(
    ("java", "letters"), [("yyyy-ww", "ww"), ("EEEE d", "EEEE"), ("yyyy-MM-dd'T'HH:mm:ssVV", "VV")]
)
def test_letters_that_cannot_be_read_are_named(java: str, letters: str) -> None:
    with pytest.raises(ValueError, match=f"^{letters}$"):
        strptime(java)
