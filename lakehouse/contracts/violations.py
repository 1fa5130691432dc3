"""Violations of contracts: file and line, what is wrong, and what to write instead; a check finds all of a file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_SHOWN = 15

YamlPath = tuple[str | int, ...]
"""Steps from a document's root to a value: `("schema", 0, "name")`."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """One violation of one file.

    Attributes:
        file: path of the contract.
        line: line of the value in the file, from 1.
        path: path of the value in the document, e.g. `schema[0].properties[2].logicalType`; empty for the document.
        problem: what is wrong.
        remedy: what to write instead.
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
    """The violations of one file.

    Attributes:
        file: path of the file.
        found: the violations so far.
        line_of: returns the line of a value from its path.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Violation] = []
        self.line_of: Callable[[YamlPath], int] = lambda path: 1

    def add(self, path: YamlPath, problem: str, *, remedy: str, line: int | None = None) -> None:
        """Add a violation at a value of the document."""
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
    """Return a path as text: `schema[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def one_of(word: object, choices: Iterable[str]) -> str:
    """Return the remedy for a word that is not one of the choices: the nearest choice if there is one, else all."""
    words = [str(choice) for choice in choices]
    near = get_close_matches(str(word), words, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of {', '.join(words[:_SHOWN])}" + (", ..." if len(words) > _SHOWN else "")
