"""Read custom properties, the settings that the standard lacks; unknown names are violations."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from open_data_contract_standard.model import CustomProperty

from lakehouse.contracts.violations import Violations, YamlPath, one_of

Choice = TypeVar("Choice", bound=StrEnum)

_STANDARD_FIELDS = {
    "key": "write `primaryKey: true` on the key's properties",
    "primaryKey": "write `primaryKey: true` on the key's properties",
    "required": "write `required: true` on the property",
    "delimiter": "write `delimiter` on the server itself",
    "encoding": "write `encoding` on the server itself",
    "format": "write `format` on the server itself",
}


class Setting(NamedTuple):
    """A custom property of a contract.

    Attributes:
        value: its value.
        path: path of the value.
    """

    value: Any
    path: YamlPath


def settings(
    custom_properties: Sequence[CustomProperty] | None, *, known: Sequence[str], violations: Violations, path: YamlPath
) -> dict[str, Setting]:
    """Return the custom properties of a value of the document, by name.

    Args:
        custom_properties: ODCS `customProperties`; those with a `vendor` belong to another tool and are ignored.
        known: names that are allowed.
        violations: collects the violations.
        path: path of the list.
    """
    by_name: dict[str, Setting] = {}
    for index, custom_property in enumerate(custom_properties or []):
        name = custom_property.property or ""
        if custom_property.vendor is not None:
            continue
        if name in by_name:
            violations.add((*path, index, "property"), f"{name!r} is given twice", remedy="keep one")
        elif name in known:
            by_name[name] = Setting(custom_property.value, (*path, index, "value"))
        else:
            remedy = _STANDARD_FIELDS.get(name) or (
                f"{one_of(name, known) if known else 'remove it'}; another tool's has a `vendor`"
            )
            violations.add((*path, index, "property"), f"{name!r} is no custom property", remedy=remedy)
    return by_name


def choice(setting: Setting, choices: type[Choice], *, violations: Violations) -> Choice | None:
    """Return a value that must be a member of an enumeration; None after a violation."""
    if setting.value in list(choices):
        return choices(setting.value)
    violations.add(setting.path, f"{setting.value!r} is unknown", remedy=one_of(setting.value, choices))
    return None


def texts(setting: Setting | None, *, violations: Violations) -> list[tuple[str, YamlPath]]:
    """Return a list of texts, each with its path; a single text is a list of one."""
    if setting is None:
        return []
    if isinstance(setting.value, str):
        return [(setting.value, setting.path)]
    if isinstance(setting.value, list) and all(isinstance(text, str) for text in setting.value):
        return [(text, (*setting.path, index)) for index, text in enumerate(setting.value)]
    violations.add(
        setting.path, f"{setting.value!r} is no list of names", remedy="write such as [customer_id, sold_at]"
    )
    return []


def flag(setting: Setting | None, *, default: bool, violations: Violations) -> bool:
    """Return a value that must be true or false; the default after a violation."""
    if setting is None:
        return default
    if not isinstance(setting.value, bool):
        violations.add(
            setting.path, f"{setting.value!r} is neither true nor false", remedy="write true or false, unquoted"
        )
        return default
    return setting.value
