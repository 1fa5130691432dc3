"""Wildcards and policy variables of IAM policies.

Source: AWS IAM user guide, "IAM JSON policy elements: Resource" and "Variables and tags": `*` stands for any characters
and `?` for one; `${*}`, `${?}` and `${$}` stand for the characters themselves; a variable without a value makes the
whole text match nothing.
"""

import re
from collections.abc import Callable
from functools import lru_cache

VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}

Lookup = Callable[[str], str | None]
"""The value of a condition key with a single value; None if the request does not have it."""


@lru_cache(maxsize=8192)
def pattern(text: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Return the compiled form of a text with wildcards and without variables."""
    parts = [
        "[\\s\\S]*" if part == "*" else "[\\s\\S]" if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", text)
    ]
    return re.compile("".join(parts), re.IGNORECASE if ignore_case else 0)


def matches(value: str, text: str, *, lookup: Lookup, wildcards: bool = True, ignore_case: bool = False) -> bool:
    """Return whether a value matches the text of a policy.

    Args:
        value: value of the request.
        text: text of the policy.
        lookup: values of the variables in the text.
        wildcards: whether `*` and `?` of the text stand for other characters.
        ignore_case: whether letters match in both cases.
    """
    if "${" in text:
        return _matches_with_variables(value, text, lookup, wildcards=wildcards, ignore_case=ignore_case)
    if wildcards and ("*" in text or "?" in text):
        return text == "*" or pattern(text, ignore_case=ignore_case).fullmatch(value) is not None
    return value == text or (ignore_case and value.lower() == text.lower())


def _matches_with_variables(value: str, text: str, lookup: Lookup, *, wildcards: bool, ignore_case: bool) -> bool:
    regex = ""
    end = 0
    for variable in VARIABLE.finditer(text):
        found = _value(variable.group(1), lookup)
        if found is None:
            return False
        regex += _regex(text[end : variable.start()], wildcards=wildcards) + re.escape(found)
        end = variable.end()
    regex += _regex(text[end:], wildcards=wildcards)
    return re.fullmatch(regex, value, re.IGNORECASE if ignore_case else 0) is not None


def _value(variable: str, lookup: Lookup) -> str | None:
    if variable in _LITERALS:
        return _LITERALS[variable]
    name, comma, default = variable.partition(",")
    found = lookup(name.strip())
    return default.strip().strip("'") if found is None and comma else found


def _regex(text: str, *, wildcards: bool) -> str:
    return pattern(text).pattern if wildcards else re.escape(text)
