"""Custom properties: the words for which the standard has none, refused when misspelt."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from open_data_contract_standard.model import CustomProperty

from lakehouse.contracts.violations import Violations, YamlPath, one_of

Word = TypeVar("Word", bound=StrEnum)

_SAID_BY_THE_STANDARD = {
    "key": "write `primaryKey: true` on the key's properties",
    "primaryKey": "write `primaryKey: true` on the key's properties",
    "required": "write `required: true` on the property",
    "delimiter": "write `delimiter` on the server itself",
    "encoding": "write `encoding` on the server itself",
    "format": "write `format` on the server itself",
}


class Setting(NamedTuple):
    """Value of a custom property, and where it stands."""

    value: Any
    path: YamlPath


def settings(
    given: Sequence[CustomProperty] | None, *, known: Sequence[str], violations: Violations, path: YamlPath
) -> dict[str, Setting]:
    """Custom properties of one place in a document, by name.

    Args:
        given: ODCS `customProperties`; one that names a `vendor` belongs to another tool and is left alone.
        known: names that mean something there.
        violations: gets what is wrong.
        path: path of the list.
    """
    found: dict[str, Setting] = {}
    for index, item in enumerate(given or []):
        name = item.property or ""
        if item.vendor is not None:
            continue
        if name in found:
            violations.add((*path, index, "property"), f"{name!r} is given twice", remedy="keep one")
        elif name in known:
            found[name] = Setting(item.value, (*path, index, "value"))
        else:
            remedy = _SAID_BY_THE_STANDARD.get(name) or (
                f"{one_of(name, known) if known else 'remove it'}; another tool's has a `vendor`"
            )
            violations.add((*path, index, "property"), f"{name!r} is no custom property", remedy=remedy)
    return found


def word(setting: Setting, choices: type[Word], *, violations: Violations) -> Word | None:
    """A value that is one of a few words; None after a violation."""
    if setting.value in list(choices):
        return choices(setting.value)
    violations.add(setting.path, f"{setting.value!r} is unknown", remedy=one_of(setting.value, choices))
    return None


def texts(setting: Setting | None, *, violations: Violations) -> list[tuple[str, YamlPath]]:
    """A list of texts, each with its path; one text alone is a list of one."""
    if setting is None:
        return []
    if isinstance(setting.value, str):
        return [(setting.value, setting.path)]
    if isinstance(setting.value, list) and all(isinstance(item, str) for item in setting.value):
        return [(item, (*setting.path, index)) for index, item in enumerate(setting.value)]
    violations.add(
        setting.path, f"{setting.value!r} is no list of names", remedy="write such as [customer_id, sold_at]"
    )
    return []


def flag(setting: Setting | None, *, default: bool, violations: Violations) -> bool:
    """true or false."""
    if setting is None:
        return default
    if not isinstance(setting.value, bool):
        violations.add(
            setting.path, f"{setting.value!r} is neither true nor false", remedy="write true or false, unquoted"
        )
        return default
    return setting.value
