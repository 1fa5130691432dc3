"""DAX selects the rows that SQL selects, also with NULL; names and texts of any characters stay what they are."""

import re
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import LakehouseError
from lakehouse.metrics.expressions import expression_of
from lakehouse.powerbi import dax, tmdl
from lakehouse.powerbi.semantic_model import m_text
from tests.support.examples import examples

HOSTILE = ["a'b", 'a"b', "a]b", "a[b", "a\nb", "a\tb", "a\u2028b", "#(lf)", "a=b", "é.:", "```", "-- x", "/// y"]


def selects(rows: str, x: int | None, s: str | None) -> bool:
    """Whether a condition in DAX is TRUE for a row: an evaluation of the few words that we write, with BLANK as 0."""
    text = re.sub(r"NOT ISBLANK\((\w)\)", lambda match: str({"x": x, "s": s}[match[1]] is not None), rows)
    text = re.sub(r"ISBLANK\((\w)\)", lambda match: str({"x": x, "s": s}[match[1]] is None), text)
    text = text.replace("&&", " and ").replace("||", " or ").replace("NOT", " not ").replace("<>", "!=")
    text = re.sub(r" IN \{(.*?)\}", r" in (\1,)", text).replace("TRUE()", "True").replace("FALSE()", "False")
    # In DAX, `==` is strict and the others take BLANK for 0 or an empty text.
    return bool(eval(text, {"x": _Cell(x, 0), "s": _Cell(s, "")}))  # noqa: S307 - our own text


class _Cell:
    """A value that may be BLANK, which compares as DAX does."""

    def __init__(self, value: Any, blank: Any) -> None:
        self.value, self.loose = value, blank if value is None else value

    def __eq__(self, other: object) -> bool:
        return bool(self.value == other)

    def __ne__(self, other: object) -> bool:
        return bool(self.loose != other)

    def __lt__(self, other: Any) -> bool:
        return bool(self.loose < other)

    def __le__(self, other: Any) -> bool:
        return bool(self.loose <= other)

    def __gt__(self, other: Any) -> bool:
        return bool(self.loose > other)

    def __ge__(self, other: Any) -> bool:
        return bool(self.loose >= other)

    __hash__ = None  # type: ignore[assignment]


leaves = st.one_of(
    st.tuples(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), st.integers(-1, 1)).map(
        lambda two: f"x {two[0]} {two[1]}"
    ),
    st.sampled_from(["x in (0, 1)", "s in ('a', '')", "x is null", "s is not null", "x between -1 and 0", "s <> 'a'"]),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: f"({' '.join(three)})"),
    ),
    max_leaves=5,
)


@given(conditions)
@settings(max_examples=examples(400), deadline=None)
def test_a_condition_selects_the_same_rows_as_in_sql(text: str) -> None:
    rows = dax.condition(expression_of(text, where="test"), str, where="test")
    cells = [(x, s) for x in (None, -1, 0, 1) for s in (None, "", "a", "b")]
    values = ", ".join(f"({'null' if x is None else x}, {'null' if s is None else repr(s)})" for x, s in cells)
    found = duckdb.execute(f"select coalesce({text}, false) from (values {values}) as t (x, s)").fetchall()
    assert [selects(rows, x, s) for x, s in cells] == [one for (one,) in found], rows


@pytest.mark.parametrize("text", ["s like 'a%'", "lower(s) = 'a'", "x + 1 > 2", "x = (1, 2)"])
def test_what_has_no_equal_in_dax_is_refused(text: str) -> None:
    with pytest.raises(LakehouseError, match=r"filter of m: .* has no equal in DAX here"):
        dax.condition(expression_of(text, where="t"), str, where="filter of m")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_texts_are_read_back(text: str) -> None:
    line = text.replace("\n", " ").replace("\t", " ").replace("\u2028", " ")
    name = tmdl.name(text)
    assert name[1:-1].replace("''", "'") == line
    assert not re.search("(?<!')'(?!')", name[1:-1].replace("''", ""))
    assert tmdl.description(text) == [f"/// {line}"]
    assert dax.text(text)[1:-1].replace('""', '"') == text
    assert dax.member_name(text)[1:-1].replace("]]", "]") == text
    assert dax.table_name(text)[1:-1].replace("''", "'") == text
    constant = m_text(text)
    assert "\n" not in constant
    back = {"lf": "\n", "cr": "\r", "tab": "\t", "#": "#"}
    assert re.sub(r"#\((\w+|#)\)", lambda match: back[match[1]], constant[1:-1].replace('""', '"')) == text
