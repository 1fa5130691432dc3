"""What `lakehouse access` says of each role and column is what Athena answers that role, in the deployed lakehouse."""

import os

import pytest

from lakehouse.governance.roles import ROLES
from tests.support.authorization import matrix
from tests.support.demo.finished_demo import Demo

pytestmark = pytest.mark.e2e
HIDDEN = None if os.environ.get("ALL_COLUMNS") else 1


@pytest.mark.parametrize(
    "role", [role if role in ("analyst", "auditor") else pytest.param(role, marks=pytest.mark.slow) for role in ROLES]
)
def test_athena_answers_a_role_what_access_says_of_each_column(finished: Demo, role: str) -> None:
    assert matrix.check(finished, role, hidden_columns=HIDDEN).shown
