"""Table mappings: which tables a replication reads and which columns it adds to them.

Source: AWS DMS user guide, "Specifying table selection and transformations rules using JSON".
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from emulator.replicator.settings import CHANGE_SEQUENCE_EXPRESSION


class MappingError(ValueError):
    """A rule that DMS would refuse, or that the replicator does not support; the message names the rule."""


@dataclass(frozen=True, slots=True)
class Locator:
    """A pattern of table names.

    `%` matches any text, `_` any character, `[ab]` one of these characters, `[_]` an underscore.
    """

    schema: str
    table: str

    def matches(self, schema: str, table: str) -> bool:
        """Return whether a table has a name of the pattern."""
        return _like(self.schema, schema) and _like(self.table, table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mappings:
    """Selection and transformation rules of one replication.

    Attributes:
        included: patterns of tables that are replicated.
        excluded: patterns of tables that are not replicated, even if they are included.
        change_sequences: patterns of tables, and the name of the column that gets their change sequence.
    """

    included: tuple[Locator, ...]
    excluded: tuple[Locator, ...]
    change_sequences: tuple[tuple[Locator, str], ...]

    def select(self, tables: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the (schema, table) pairs that a rule includes and no rule excludes."""
        return [
            table
            for table in tables
            if any(rule.matches(*table) for rule in self.included)
            and not any(rule.matches(*table) for rule in self.excluded)
        ]

    def without_table(self, tables: Collection[tuple[str, str]]) -> list[str]:
        """Return the patterns of rules that include none of the (schema, table) pairs."""
        return [
            f"{rule.schema}.{rule.table}" for rule in self.included if not any(rule.matches(*table) for table in tables)
        ]

    def change_sequence(self, schema: str, table: str) -> str | None:
        """Return the name of the column that gets a table's change sequence; None without such a rule."""
        return next((name for rule, name in self.change_sequences if rule.matches(schema, table)), None)


def parse(text: str) -> Mappings:
    """Read table mappings.

    Args:
        text: the JSON document of `TableMappings`.

    Raises:
        MappingError: the text is not JSON, includes no table, or has a rule other than include, exclude and add-column
            of `$AR_H_CHANGE_SEQ`.
    """
    try:
        rules = json.loads(text)["rules"]
    except (ValueError, KeyError, TypeError) as error:
        raise MappingError('table mappings must be JSON of the form {"rules": [...]}') from error
    included: list[Locator] = []
    excluded: list[Locator] = []
    change_sequences: list[tuple[Locator, str]] = []
    for rule in rules:
        locator = _locator(rule)
        match rule.get("rule-type"), rule.get("rule-action"):
            case "selection", ("include" | "exclude") as action:
                if rule.get("filters"):
                    raise _unsupported(rule, "row filters")
                (included if action == "include" else excluded).append(locator)
            case "transformation", "add-column":
                if rule.get("rule-target") != "column" or rule.get("expression") != CHANGE_SEQUENCE_EXPRESSION:
                    raise _unsupported(rule, f"an expression other than {CHANGE_SEQUENCE_EXPRESSION}")
                change_sequences.append((locator, str(rule["value"])))
            case kind, action:
                raise _unsupported(rule, f"{kind} rules with the action {action}")
    if not included:
        raise MappingError("table mappings need at least one selection rule that includes tables")
    return Mappings(included=tuple(included), excluded=tuple(excluded), change_sequences=tuple(change_sequences))


def _locator(rule: dict[str, Any]) -> Locator:
    try:
        return Locator(rule["object-locator"]["schema-name"], rule["object-locator"]["table-name"])
    except (KeyError, TypeError) as error:
        raise MappingError(f"rule {rule.get('rule-id')}: object-locator needs schema-name and table-name") from error


def _unsupported(rule: dict[str, Any], feature: str) -> MappingError:
    return MappingError(
        f"rule {rule.get('rule-id')} ({rule.get('rule-name')}): the emulator does not support {feature}"
    )


def _like(pattern: str, name: str) -> bool:
    parts = re.findall(r"\[[^\]]+\]|.", pattern, flags=re.DOTALL)
    expression = "".join({"%": ".*", "_": "."}.get(part, part if len(part) > 1 else re.escape(part)) for part in parts)
    return re.fullmatch(expression, name, flags=re.DOTALL) is not None
