"""Athena's errors: their names, categories and positions, and the translation of DuckDB's errors.

Categories and types: https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
"""

import re

import duckdb
from sqlglot import exp

SYSTEM, USER = 1, 2
ENGINE_TYPE, ICEBERG_TYPE, USER_TYPE, DATA_TYPE, DDL_TYPE, ANALYSIS_TYPE, RESOURCES_TYPE = (
    *(200, 233, 1000, 1001, 1003, 1006),
    1200,
)
OUTPUT_TYPE, PERMISSION_TYPE, S3_PERMISSION_TYPE = 401, 1500, 1501

INSUFFICIENT = "Insufficient Lake Formation permission(s)"
"""The beginning of each refusal of Lake Formation."""

DATA_ERRORS = {
    "DIVISION_BY_ZERO",
    "INVALID_CAST_ARGUMENT",
    "INVALID_FUNCTION_ARGUMENT",
    "NUMERIC_VALUE_OUT_OF_RANGE",
    "SUBQUERY_MULTIPLE_ROWS",
    "HIVE_BAD_DATA",
    "HIVE_CURSOR_ERROR",
}

_EXHAUSTED = "Query exhausted resources at this scale factor: see LAKEHOUSE_ATHENA_MEMORY"


_MISSING = " is not in the emulator's engine"


class AthenaError(Exception):
    """A failed statement, with Athena's message.

    Args:
        code: Athena's name of the error, such as `TABLE_NOT_FOUND`; empty for an error of Hive (`FAILED: ...`).
        message: the reason, with its position in the statement if it has one.
        kind: Athena's number for this kind of error; None: what follows from its name.
    """

    def __init__(self, code: str, message: str, *, kind: int | None = None) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self._kind = kind

    @property
    def type(self) -> int:
        """Athena's number for this kind of error."""
        if self._kind is not None:
            return self._kind
        if self.code.startswith("ICEBERG_"):
            return ICEBERG_TYPE
        if self.code == "GENERIC_INTERNAL_ERROR":
            return ENGINE_TYPE
        if self.code == "EXCEEDED_LOCAL_MEMORY_LIMIT":
            return RESOURCES_TYPE
        if self.code in DATA_ERRORS:
            return DATA_TYPE
        return ANALYSIS_TYPE if self.code else DDL_TYPE

    @property
    def category(self) -> int:
        return SYSTEM if self.code == "GENERIC_INTERNAL_ERROR" else USER

    @property
    def retryable(self) -> bool:
        return self.code == "ICEBERG_COMMIT_ERROR"


class MalformedQueryError(Exception):
    """A text that is not a statement of Athena; `StartQueryExecution` refuses it."""


class CancelledError(Exception):
    """A statement that was stopped, by its user or by the limit of its workgroup."""


def cancelled() -> CancelledError:
    """Return the error of a statement that its user stopped."""
    return CancelledError("Query was cancelled by user")


def timeout() -> AthenaError:
    """Return the error of a statement that had no more time."""
    return AthenaError("", "Query timeout")


def exhausted() -> AthenaError:
    """Return the error of a statement that needs more memory than it may have."""
    return AthenaError("EXCEEDED_LOCAL_MEMORY_LIMIT", _EXHAUSTED)


def not_supported(feature: str) -> AthenaError:
    """Return the error of a statement, clause, type or function that the emulator lacks."""
    return AthenaError("NOT_SUPPORTED", feature)


def with_remedy(error: AthenaError) -> AthenaError:
    """Return an error of the emulator's own engine; if the engine lacks something, with where it may be."""
    text = str(error).removeprefix(f"{error.code}: ")
    if not re.search(r"in the emulator's engine|Function '.*' not registered", text):
        return error
    return AthenaError(
        error.code, f"{text.removesuffix('.')}. A real Trino has more: `lakehouse local up --athena trino`"
    )


def insufficient(permission: str, name: str) -> AthenaError:
    """Return Lake Formation's error for a permission that the caller lacks, such as `Select` on a table."""
    return AthenaError("", f"{INSUFFICIENT}: Required {permission} on {name}")


# DuckDB's message, and Athena's code and message for it; \1 is the first group.
_DUCKDB: tuple[tuple[str, str, str], ...] = (
    (r"Could not convert string '([A-Z][A-Z_]+): ((?s:.*))' to INT32", r"\1", r"\2"),  # trino_error of macros.sql
    (r"AthenaError: ([A-Z][A-Z_]+): ([^\n]*)", r"\1", r"\2"),  # raised in a function of json_text.py
    (r"could not convert blob to UTF8", "NOT_SUPPORTED", "from_utf8 of bytes that are no UTF-8" + _MISSING),
    (r"Unknown TimeZone '([^']*)'", "INVALID_FUNCTION_ARGUMENT", r"'\1' is not a valid time zone"),
    (r"[Dd]ivision by zero", "DIVISION_BY_ZERO", "Division by zero"),
    (
        r"Conversion Error: Could not convert string '((?s:.*))' to (\w+)",
        "INVALID_CAST_ARGUMENT",
        r"Cannot cast '\1' to \2",
    ),
    (r"Conversion Error: ((?s:.*))", "INVALID_CAST_ARGUMENT", r"\1"),
    (r"Out of Range Error: ((?s:.*))", "NUMERIC_VALUE_OUT_OF_RANGE", r"\1"),
    (
        r"More than one row returned by a subquery",
        "SUBQUERY_MULTIPLE_ROWS",
        "Scalar sub-query has returned multiple rows",
    ),
    (
        r'column "?(.*?)"? must appear in the GROUP BY clause',
        "EXPRESSION_NOT_AGGREGATE",
        r"line 1:1: '\1' must be an aggregate expression or appear in GROUP BY clause",
    ),
    (
        r"(WHERE|GROUP BY) clause cannot contain (aggregate|window)",
        "EXPRESSION_NOT_SCALAR",
        r"line 1:1: \1 clause cannot contain aggregations, window functions or grouping operations",
    ),
    (r"aggregate function calls cannot be nested", "NESTED_AGGREGATION", "line 1:1: Cannot nest aggregations"),
    (
        r"Out of Memory Error",
        "EXCEEDED_LOCAL_MEMORY_LIMIT",
        _EXHAUSTED,
    ),
    (r"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT", "Duplicate map keys are not allowed"),
    (r"Map keys can not be NULL", "INVALID_FUNCTION_ARGUMENT", "map key cannot be null"),
    (r"No magic bytes found|too small to be a Parquet file", "HIVE_BAD_DATA", "Not valid Parquet file"),
    (r"Invalid escape string", "INVALID_FUNCTION_ARGUMENT", "Escape string must be a single character"),
    (r"Invalid input for hex digit: (.)", "INVALID_FUNCTION_ARGUMENT", r"Invalid hex character: \1"),
    (
        r"invalid (?:perl operator|escape sequence): ([^\n]*)",
        "NOT_SUPPORTED",
        r"a regular expression with '\1'" + _MISSING,
    ),
    (
        r"(?:Invalid Input Error: |error: ')((?:missing|unexpected|no argument|trailing|bad rep|invalid)[^\n]*)",
        "INVALID_FUNCTION_ARGUMENT",
        r"Invalid regular expression: \1",
    ),
    (
        r'The "\w+" argument in function "(\w+)" must be a constant',
        "NOT_SUPPORTED",
        r"a function with an argument that is no literal (DuckDB's \1)" + _MISSING,
    ),
    (r"Binder Error: ((?s:.*))", "NOT_SUPPORTED", r"this expression" + _MISSING + r": \1"),
)


def from_duckdb(error: Exception) -> AthenaError:
    """Return Athena's error for an error that DuckDB raised, itself or through Arrow."""
    text = str(error)
    for pattern, code, message in _DUCKDB:
        match = re.search(pattern, text)
        if match:
            return AthenaError(match.expand(code), match.expand(message).split("\n\nLINE ")[0].strip())
    if isinstance(error, duckdb.Error) and not isinstance(error, duckdb.IOException):
        return not_supported(f"this statement or one of its values{_MISSING}")
    return AthenaError("GENERIC_INTERNAL_ERROR", text)


def position(node: exp.Expr) -> str:
    """Return `line 1:8` of the first token in a node whose place the parser kept."""
    places = [part.meta for part in node.walk() if "start" in part.meta]
    if not places:
        return "line 1:1"
    first = min(places, key=lambda place: place["start"])
    return f"line {first['line']}:{first['col'] - (first['end'] - first['start'])}"
