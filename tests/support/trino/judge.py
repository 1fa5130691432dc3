"""Judgement of the engine by cases of Trino's tests."""

import tempfile
import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emulator.athena.runtime.errors import AthenaError, MalformedQueryError
from tests.support.emulator.athena_engine import Engine, NoQueryError, NoTablesError, open_engine
from tests.support.emulator.trino_values import Values
from tests.support.trino import exceptions, values
from tests.support.trino.cases import Case
from tests.support.trino.java import NotReadError

RIGHT = "right"
WRONG = "wrong value"
TYPE = "the value with another type"
REFUSED = "refused by name"
ACCEPTED = "accepted though Trino refuses"
FAILED = "fails though Trino answers"
OTHER_CODE = "refused with another code"
PYTHON_ERROR = "Python error"
NEWER = "newer than Athena, or in another zone"
NOT_JUDGED = "not judged"
VERDICTS = (RIGHT, TYPE, WRONG, REFUSED, ACCEPTED, FAILED, OTHER_CODE, PYTHON_ERROR, NEWER, NOT_JUDGED)
SECONDS = 30
_BY_NAME = ("NOT_SUPPORTED", "FUNCTION_NOT_FOUND")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine gives for a query: rows, types and values, or an error."""

    rows: Values
    types: list[str]
    values: list[tuple[Any, ...]]
    code: str | None = None
    message: str = ""
    python: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    case: Case
    detail: str


def judge_all(cases: list[Case]) -> list[Verdict]:
    """Judge the cases by an engine of their own."""
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as engine:
        return list(map(partial(judge, engine), cases))


def ask(engine: Engine, sql: str) -> Answer | None:
    """Return the engine's answer; None for a query that reads tables."""
    watch = threading.Timer(SECONDS, engine.run.interrupt)
    watch.start()
    try:
        rows, types = engine.evaluate(sql)
        return Answer(rows, types, engine.values())
    except (NoTablesError, NoQueryError):
        return None
    except AthenaError as error:
        return Answer([], [], [], error.code, str(error))
    except MalformedQueryError as error:
        return Answer([], [], [], "SYNTAX_ERROR", str(error))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Answer([], [], [], "", f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})", python=True)
    finally:
        watch.cancel()


def judge(engine: Engine, case: Case) -> Verdict:
    """Judge the engine's answer to a case: with columns, and if that is refused by name, with constants."""
    answer = ask(engine, case.sql)
    if answer is not None and answer.code in _BY_NAME and case.constants:
        answer = ask(engine, case.constants)
    if answer is None:
        return Verdict(NOT_JUDGED, case, "reads tables, or is no query")
    # Such a statement is not the user's fault, so its text is DuckDB's or Python's.
    if answer.python or answer.code == "GENERIC_INTERNAL_ERROR":
        return Verdict(PYTHON_ERROR, case, answer.message)
    if answer.code is not None:
        return Verdict(_error(answer.code, case), case, answer.message)
    if case.expected == "error":
        return Verdict(ACCEPTED, case, f"{answer.rows[:3]} {answer.types}; Trino: {case.value or 'an error'}")
    try:
        detail = _difference(engine, case, answer)
    except (NotReadError, AttributeError, IndexError, TypeError, ValueError):  # a Java value that is not known
        return Verdict(NOT_JUDGED, case, f"{answer.rows[:3]} {answer.types}; expected: {case.value}")
    if detail and exceptions.reason(case):
        return Verdict(NEWER, case, f"{exceptions.reason(case)}: {detail}")
    if not detail and not _has_type(case, answer):
        return Verdict(TYPE, case, f"{answer.types}; Trino: {values.type_name(case.column_type)}")
    return Verdict(WRONG if detail else RIGHT, case, detail)


def _error(code: str, case: Case) -> str:
    if case.expected == "error":
        return RIGHT if code == case.value or case.value is None else REFUSED if code in _BY_NAME else OTHER_CODE
    return REFUSED if code in _BY_NAME else FAILED


def _has_type(case: Case, answer: Answer) -> bool:
    expected = values.type_name(case.column_type) if case.column_type is not None else None
    # Trino's tests name no type of a value that is always null.
    return expected in (None, "unknown", *answer.types)


def _difference(engine: Engine, case: Case, answer: Answer) -> str:
    """Return how an answer differs from Trino's, or an empty text."""
    found = f"{answer.rows[:3]} {answer.types}"
    match case.expected:
        case "empty":
            return "" if not answer.rows else f"{found}; Trino: no rows"
        case "null":
            return "" if answer.rows == [(None,)] else f"{found}; Trino: null"
        case "value":
            expected = values.value(case.value)
            return "" if _is_value(answer, expected) else f"{found}; Trino: {expected!r}"
        case "matches":
            return _matches(engine, case, answer, found)
    return ""


def _is_value(answer: Answer, expected: Any) -> bool:
    if len(answer.values) != 1:
        return False
    if isinstance(expected, str) and not isinstance(answer.values[0][0], str):
        return answer.rows == [(expected,)]
    return values.same(answer.values[0][0], expected)


def _matches(engine: Engine, case: Case, answer: Answer, found: str) -> str:
    expected = ask(engine, case.value)
    if expected is None or expected.code is not None:
        raise NotReadError
    same_rows = Counter(map(repr, answer.rows)) == Counter(map(repr, expected.rows))
    if same_rows or all(
        map(values.same, [len(answer.values), *answer.values], [len(expected.values), *expected.values])
    ):
        return ""
    return f"{found}; Trino: {expected.rows[:3]} {expected.types}"
