"""Text of others on a terminal: nothing in it moves the cursor, changes colours or looks like the other lines."""

import unicodedata

from rich.markup import escape

_SHOWN_AS_CODES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories without a picture of their own: control characters, directions of writing, line separators."""


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text, with characters that have no picture as escapes such as `\x1b`.

    Args:
        text: of whatever origin.
        lines: whether it may have several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if _has_picture(character) or (lines and character == "\n") else ascii(character)[1:-1]
        for character in text
    )


def in_markup(text: str) -> str:
    """The text within a text of rich's own marks; it may have several lines."""
    return escape(printable(text, lines=True))


def _has_picture(character: str) -> bool:
    return unicodedata.category(character) not in _SHOWN_AS_CODES
