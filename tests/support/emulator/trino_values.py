"""Types of the fixture that evaluates expressions of Trino."""

from collections.abc import Callable

Values = list[tuple[str | None, ...]]
"""Rows as Athena writes them."""
Evaluate = Callable[[str], tuple[Values, list[str]]]
"""Runs a query; returns its rows and the types of its columns."""
