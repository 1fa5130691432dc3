"""Take out of a text what identifies an account, a person or a key."""

import re
from collections.abc import Iterable

MASK = "***"
"""Has no character of an id, a name or a key, so that no masked text is part of another secret."""

_PATTERNS = (
    # E-mail addresses, of people and in the names of sessions.
    re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
    # The rest of an ARN after a user or a session: the name of a person.
    re.compile(r"(?<=:user/)[^\s\"',;:)\]|]+|(?<=assumed-role/)[^\s\"',;:)\]|]+|(?<=:mfa/)[^\s\"',;:)\]|]+"),
    # Access keys and ids of users, roles and sessions.
    re.compile(r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|AIDA|AROA|AGPA|AIPA|ANPA|ANVA|APKA|ABIA|ACCA)[A-Z0-9]{12,}\b"),
    # Ids of keys, queries and requests.
    re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE),
    # Account ids, also as the console shows them.
    re.compile(r"\d{4}-\d{4}-\d{4}|\d{12,}"),
)
"""Source: IAM user guide, "IAM identifiers", section "Understanding unique ID prefixes"."""


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without account ids, access keys, ids of keys, names of users and sessions, and given secrets.

    Args:
        text: any text.
        secrets: texts that must not be in the result, in any letter case.
    """
    known = sorted({secret for secret in secrets if secret.strip()}, key=len, reverse=True)
    before = None
    # To mask one text can bring the parts of another together only if the mask is part of it; then it is masked again.
    while text != before:
        before = text
        for secret in known:
            text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE) if secret not in MASK else text
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
    return text
