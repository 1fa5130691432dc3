"""Whose records: a dataset, columns that name a row, and values of these."""

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
"""More digits than Python's own 28, as many as a decimal of Arrow may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Rows of one dataset that are about a person: each column of `values` has one of its values.

    Args:
        contract: the dataset.
        values: by column, in the column's Python type.
    """

    contract: Contract
    values: Mapping[str, tuple[Any, ...]]

    @property
    def condition(self) -> BooleanExpression:
        """Its rows, for PyIceberg; those rejected records aside whose key could not be read."""
        parts: list[BooleanExpression] = [
            In(term=Reference(name=column), values={literal(value) for value in values})
            for column, values in self.values.items()
        ]
        return reduce(And, parts)

    def mask(self, rows: pa.Table) -> pa.ChunkedArray:
        """Which rows are the person's, for a table in the dataset's columns.

        A rejected record whose key could not be read is the person's if its text has each value as a word of its own.
        """
        found = reduce(
            pc.and_,
            (pc.is_in(rows[column], pa.array(values, rows[column].type)) for column, values in self.values.items()),
        )
        if RECORD not in rows.column_names:
            return found
        unread = reduce(pc.or_, (pc.is_null(rows[column]) for column in self.values))
        mentioned = reduce(pc.and_, (pc.match_substring_regex(rows[RECORD], trait.word) for trait in self.traits))
        rejected = pc.and_(pc.is_valid(rows[ERRORS]), unread)
        return pc.or_(found, pc.and_(rejected, pc.fill_null(mentioned, False)))

    @property
    def traits(self) -> "tuple[Trait, ...]":
        """What tells its records in any format."""
        return tuple(
            Trait(
                names=frozenset({column.lower(), self.contract.column(column).source_name.lower()}),
                texts=frozenset(map(text_of, values)),
            )
            for column, values in self.values.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One column that names a person: what it is called, in lower case, and its values as `text_of` writes them."""

    names: frozenset[str]
    texts: frozenset[str]

    @property
    def word(self) -> str:
        """Regular expression (RE2) of a value where no letter or digit is next to it."""
        return rf"(^|[^0-9A-Za-z])({'|'.join(map(re.escape, sorted(self.texts)))})($|[^0-9A-Za-z])"


def of_key(contract: Contract, given: Sequence[str]) -> Subject:
    """The subject that a dataset's primary key names.

    Args:
        contract: the dataset.
        given: `column=value` for each column of the key; a bare value where the key is one column.

    Raises:
        LakehouseError: that is no key of the dataset.
    """
    if not contract.key:
        raise LakehouseError(f"{contract.dataset} has no primary key in its contract, so nobody can be named in it")
    if len(contract.key) == len(given) == 1 and not given[0].startswith(f"{contract.key[0]}="):
        given = [f"{contract.key[0]}={given[0]}"]
    named = dict(text.partition("=")[::2] for text in given)
    if named.keys() != set(contract.key) or len(given) != len(named) or not all(map(str.strip, named.values())):
        wanted = " ".join(f"--key {column}=..." for column in contract.key)
        raise LakehouseError(f"{contract.dataset}: {', '.join(given)} is not its key; give {wanted}")
    return Subject(contract=contract, values={column: (typed(contract, column, named[column]),) for column in named})


def text_of(value: Any) -> str:
    """A value as one text, whichever type a format gave it: 7 and Decimal('7.0') are the same."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return f"{value.normalize(_ALL_DIGITS):f}"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value).strip()


def typed(contract: Contract, column: str, text: str) -> Any:
    """A text as a value of a column.

    Raises:
        LakehouseError: it is none.
    """
    type_ = contract.column(column).type
    try:
        return pa.scalar(parse(text, type_), type=type_.arrow).as_py()
    except RejectedError as error:
        raise LakehouseError(f"{contract.dataset}: {text!r} is no value of {column}: {error}") from error
