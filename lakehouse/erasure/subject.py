"""The subject of an erasure: a dataset, the columns that identify a person's rows, and their values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, In, Reference
from pyiceberg.expressions.literals import literal

from lakehouse.contracts.columns import ERRORS, RECORD
from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.readers.values import RejectedError, parse

_ALL_DIGITS = Context(prec=76)
"""The most digits that a decimal of Arrow may have; Python's default is 28."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person's rows in one dataset: the rows in which each column of `values` has one of its values.

    Attributes:
        contract: the dataset.
        values: values by column, in the Python type of the column.
    """

    contract: Contract
    values: Mapping[str, tuple[Any, ...]]

    @property
    def condition(self) -> BooleanExpression:
        """Row filter for PyIceberg; it misses rejected records whose key could not be read."""
        parts: list[BooleanExpression] = [
            In(term=Reference(name=column), values={literal(value) for value in values})
            for column, values in self.values.items()
        ]
        return reduce(And, parts)

    def mask(self, rows: pa.Table) -> pa.ChunkedArray:
        """Return for each row of a table of the dataset whether it is the person's.

        A rejected record whose key could not be read is the person's if its text contains each value as a whole word.
        """
        has_values = reduce(
            pc.and_,
            (pc.is_in(rows[column], pa.array(values, rows[column].type)) for column, values in self.values.items()),
        )
        if RECORD not in rows.column_names:
            return has_values
        key_is_missing = reduce(pc.or_, (pc.is_null(rows[column]) for column in self.values))
        mentioned = reduce(pc.and_, (pc.match_substring_regex(rows[RECORD], trait.word) for trait in self.traits))
        rejected = pc.and_(pc.is_valid(rows[ERRORS]), key_is_missing)
        return pc.or_(has_values, pc.and_(rejected, pc.fill_null(mentioned, False)))

    @property
    def traits(self) -> "tuple[Trait, ...]":
        """Key columns with their values, for records in any format."""
        return tuple(
            Trait(
                names=frozenset({column.lower(), self.contract.column(column).source_name.lower()}),
                texts=frozenset(map(comparable_text, values)),
            )
            for column, values in self.values.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One key column of a person.

    Attributes:
        names: the names of the column in the contract and at the source, in lower case.
        texts: its values in the form of `comparable_text`.
    """

    names: frozenset[str]
    texts: frozenset[str]

    @property
    def word(self) -> str:
        """Regular expression (RE2) that matches a value with no ASCII letter or digit next to it."""
        return rf"(^|[^0-9A-Za-z])({'|'.join(map(re.escape, sorted(self.texts)))})($|[^0-9A-Za-z])"


def subject_of_key(contract: Contract, parts: Sequence[str]) -> Subject:
    """Return the subject with a value of the primary key.

    Args:
        contract: the dataset.
        parts: `column=value` for each column of the key; the value alone is enough if the key is one column.

    Raises:
        LakehouseError: the dataset has no key, or the parts are not a value of it.
    """
    if not contract.key:
        raise LakehouseError(
            f"{contract.dataset}: its contract has no primary key, so no person can be identified in it; name a "
            "dataset whose primary key identifies the person"
        )
    if len(contract.key) == len(parts) == 1 and not parts[0].startswith(f"{contract.key[0]}="):
        parts = [f"{contract.key[0]}={parts[0]}"]
    values = dict(part.partition("=")[::2] for part in parts)
    if values.keys() != set(contract.key) or len(parts) != len(values) or not all(map(str.strip, values.values())):
        expected = " ".join(f"--key {column}=..." for column in contract.key)
        raise LakehouseError(f"{contract.dataset}: {', '.join(parts)} is not its key; expected {expected}")
    return Subject(
        contract=contract,
        values={column: (parse_value(contract, column, text),) for column, text in values.items()},
    )


def comparable_text(value: Any) -> str:
    """Return a value as the text by which formats are compared: 7 and Decimal('7.0') both become `7`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return f"{value.normalize(_ALL_DIGITS):f}"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value).strip()


def parse_value(contract: Contract, column: str, text: str) -> Any:
    """Return a text as a value of a column.

    Raises:
        LakehouseError: the text is not a value of the column's type.
    """
    type_ = contract.column(column).type
    try:
        return pa.scalar(parse(text, type_), type=type_.arrow).as_py()
    except RejectedError as error:
        raise LakehouseError(f"{contract.dataset}: {text!r} is not a value of {column}: {error}") from error
