"""Violations of contracts: each names where it is, what is wrong and what to do; all of a file are found in one go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_SHOWN = 15

YamlPath = tuple[str | int, ...]
"""Steps from a document's root to a value: `("schema", 0, "name")`."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """One violation of one file.

    Args:
        file: the contract's path as it was given.
        line: line of the value in it, from 1.
        path: where in the document, e.g. `schema[0].properties[2].logicalType`; empty is the whole of it.
        problem: what is wrong.
        remedy: what to do about it.
    """

    file: str
    line: int
    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.path}: " if self.path else f"{self.file}:{self.line}: "
        return f"{where}{self.problem}: {self.remedy}"


class Violations:
    """Gathers the violations of one file.

    Args:
        file: its path.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Violation] = []
        self.line_of: Callable[[YamlPath], int] = lambda path: 1

    def add(self, path: YamlPath, problem: str, *, remedy: str, line: int | None = None) -> None:
        self.found.append(
            Violation(
                file=self.file,
                line=self.line_of(path) if line is None else line,
                path=dotted(path),
                problem=problem,
                remedy=remedy,
            )
        )


def dotted(path: YamlPath) -> str:
    """A path as people write it: `schema[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def one_of(word: object, choices: Iterable[str]) -> str:
    """Remedy for a word that is none of the choices: the nearest one if it looks misspelt, else what there is."""
    known = [str(choice) for choice in choices]
    near = get_close_matches(str(word), known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of {', '.join(known[:_SHOWN])}" + (", ..." if len(known) > _SHOWN else "")
