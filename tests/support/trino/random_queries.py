"""Random queries over the SQL that the emulator's own engine supports, by the rules of `random_queries.txt`.

The tables are part of the query. They have nulls, NaN, negative zero, blanks, non-ASCII text, times before 1970 and
decimals.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

DEPTH = 2
LEAVES = 0.2
"""The share of expressions that are a column or a literal, though they may be deeper."""
TYPES = {
    "int": ("i", "integer"),
    "big": ("b", "bigint"),
    "dbl": ("x", "double"),
    "real": ("r", "real"),
    "dec": ("n", "decimal(6,2)"),
    "text": ("s", "varchar"),
    "date": ("y", "date"),
    "ts": ("at", "timestamp(3)"),
    "bool": ("f", "boolean"),
    "arr": ("a", "array(integer)"),
}
"""The types: their symbols, columns and names."""
_SYMBOL = re.compile(r"\{([^{}@]+)(?:@(\w))?\}")


def _rules() -> Iterator[tuple[str, list[str]]]:
    """Yield a symbol and an alternative of it, once for each type if it has `*`."""
    for line in Path(__file__).with_suffix(".txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, alternatives = re.split(r" {2,}", line, maxsplit=1)
            for part in alternatives.split(" | "):
                form = part.removeprefix(".")
                for kind in TYPES if name == "*" else ():
                    yield kind, [form.replace("*", kind)]
                yield name, [form.replace("{*", f"{{{kind}") for kind in TYPES] if "{*" in form else [form]


_RULES: dict[str, list[list[str]]] = defaultdict(list)
for _name, _forms in _rules():
    _RULES[_name].append(_forms)
for _kind, (_column, _name) in TYPES.items():
    _RULES[f"{_kind}!"] = [[f"cast({{{_kind}#}} as {_name})"]]
    _RULES[f"{_kind}0"] = [[f"@.{_column}"], [f"{{{_kind}!}}"]]


def query(random: Random, symbol: str = "query", *, alias: str = "t", depth: int = DEPTH) -> str:
    """Return a query, or what another symbol becomes.

    Args:
        random: chooses among alternatives.
        symbol: the symbol.
        alias: table of the columns.
        depth: how deep an expression may become.
    """
    if symbol in TYPES:
        symbol = f"{symbol}0" if depth == 0 or random.random() < LEAVES else symbol
        depth -= 1
    form = random.choice(random.choice(_RULES[symbol]))
    parts = _SYMBOL.sub(lambda part: query(random, part[1], alias=part[2] or alias, depth=depth), form)
    return parts.replace("@", alias)
