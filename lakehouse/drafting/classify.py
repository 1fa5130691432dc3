"""Propose how confidential a column is, by its name and by its values; `confidential` if neither tells."""

import re
from collections.abc import Callable, Sequence

from lakehouse.contracts.classification import Classification
from lakehouse.drafting.document import Line

_SHARE = 0.5
"""Share of the values that must have a form: a column of personal data has empty and wrong values, too."""

_NAMES = {
    "an e-mail address": r"e?_?mail(_?addr\w*)?",
    "a phone number": r"phone|telephone|tele?fon|mobile|handy|fax",
    "a person's name": r"name|(first|last|given|family|sur|full|middle|birth|maiden|vor|nach)_?name|surname|person",
    "an address": r"address|street|strasse|postcode|zip|zip_?code|plz|house_?number",
    "a payment card": r"card|card_?(no|number|num)|pan|cvv|cvc|credit_?card\w*",
    "a bank account": r"iban|bic|account_?(no|number)|konto\w*|sort_?code",
    "a tax or identity number": r"ssn|tax_?\w*|vat_?(id|no|number)|steuer\w*|passport\w*|national_?id|nino|tin",
    "a date of birth": r"birth\w*|dob|geburt\w*",
    "a secret": r"password|passwd|pwd|secret|token|api_?key|pin",
    "personal by law": r"gender|sex|religion|ethnic\w*|health\w*|salary|income|wage|iq",
}
_IN_NAME = {why: re.compile(rf"(^|_)({pattern})(_|$)") for why, pattern in _NAMES.items()}


def classification(name: str, values: Sequence[str]) -> Line:
    """Return the line of a column's classification.

    Args:
        name: name of the column in the lakehouse.
        values: some of its values, as text; they decide only to make it `restricted`.
    """
    for why, pattern in _IN_NAME.items():
        if pattern.search(name):
            return Line("classification", Classification.RESTRICTED.value, f"by its name, {why}")
    for why, test in _CONTENT.items():
        if values and sum(map(test, values)) >= _SHARE * len(values):
            return Line("classification", Classification.RESTRICTED.value, f"its values look like {why}")
    reason = "neither name nor values tell: lower it if everybody may read it"
    return Line("classification", Classification.CONFIDENTIAL.value, reason)


def _is_card(text: str) -> bool:
    """Return whether a text has 13 to 19 digits whose check digit (Luhn) is right, as payment cards have."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[2-6][0-9]{12,18}", digits):
        return False
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    """Return whether a text is an account number of ISO 13616 with the right check digits."""
    iban = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text.strip()) is not None


_CONTENT: dict[str, Callable[[str], bool]] = {
    "e-mail addresses": _matches(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "payment cards (their check digits are right)": _is_card,
    "bank accounts (IBAN, their check digits are right)": _is_iban,
    "tax or identity numbers": _matches(
        r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[A-Z]{2}[0-9]{6}[A-D]|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]"
        r"|(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)U?[0-9A-Z]{8,12}"
    ),
    "phone numbers": _matches(r"\+[0-9][0-9 ()./-]{6,18}[0-9]|\(?0[0-9]{2,5}\)?[ /-][0-9][0-9 /-]{4,12}[0-9]"),
}
