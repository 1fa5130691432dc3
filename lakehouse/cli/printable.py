"""Make data safe to print: no text of a source can move the cursor, change colours or imitate other output."""

import unicodedata

from rich.markup import escape

_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories of characters that are not visible: control characters, text direction, line separators."""


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return a text in which invisible characters are escapes such as `\x1b`.

    Args:
        text: text of any origin.
        lines: whether line feeds stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1]
        if unicodedata.category(character) in _ESCAPED_CATEGORIES and not (lines and character == "\n")
        else character
        for character in text
    )


def in_markup(text: str) -> str:
    """Return a text, of one or several lines, that can be inserted into rich markup."""
    return escape(printable(text, lines=True))
