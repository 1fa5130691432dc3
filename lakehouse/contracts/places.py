"""Lines of contract files in which differences are written."""

import re

from lakehouse.contracts.differences import Difference
from lakehouse.contracts.model import Contract

_WORDS = {"key": "primaryKey", "owner": "team", "source": "servers", "quality rule": "quality"}


def line_of(difference: Difference, contract: Contract, text: str) -> int:
    """Return the line of a contract's file in which a difference is, from 1; the first line if it has no place.

    Args:
        difference: a difference of the contract.
        contract: the version of the contract that has what differs.
        text: text of its file.
    """
    if difference.column is not None:
        pattern = rf"\bname:\s*[\"']?{re.escape(difference.column)}\b"
        start = text.find("properties:")
    else:
        subject = re.split(r":| is | measures ", difference.detail)[0]
        rule = next((rule.name for rule in contract.quality if subject == f"quality rule {rule.name}"), None)
        first, *others = subject.split()
        word = _WORDS.get(first, first + "".join(map(str.capitalize, others)))
        pattern = rf"\bname:\s*[\"']?{re.escape(rule)}\b" if rule else rf"\b{re.escape(word)}\b"
        start = 0
    found = re.compile(pattern).search(text, max(start, 0))
    return text.count("\n", 0, found.start()) + 1 if found else 1
