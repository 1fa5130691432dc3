"""The picture in docs/streams.md shows what the pane machine does today."""

from reports import windows


def test_the_picture_of_windows_is_of_today() -> None:
    assert windows.FILE.read_text() == windows.draw(), "`python -m reports.windows` draws it again"
