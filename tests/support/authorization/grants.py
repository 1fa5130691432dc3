"""What is granted and what is used: each statement of each role is taken away in turn from the recorded decisions.

A statement whose loss denies no recorded request is an over-grant. It needs a reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emulator.runtime.authorization.patterns import matches
from emulator.runtime.authorization.policies import Statement, parse
from tests.support.authorization.decisions import Recorded

OF_AWS = "arn:aws:iam::aws:"
"""Policies that AWS manages are not taken apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The use of a role's permissions.

    Attributes:
        name: name of the role.
        granted: number of granted actions, where a pattern such as `s3:Get*` is one.
        used: number of these that an allowed request used.
        unneeded: the statements whose loss denies nothing.
        unused: for each statement, the actions that no request used.
    """

    name: str
    granted: int
    used: int
    unneeded: tuple[str, ...]
    unused: Mapping[str, tuple[str, ...]]


def roles(policies: Mapping[str, Mapping[str, str]], decisions: Iterable[Recorded]) -> list[Role]:
    """Return the use of each role.

    Args:
        policies: for each ARN of a role, its policy documents by name.
        decisions: the recorded decisions.
    """
    by_role: dict[str, list[Recorded]] = defaultdict(list)
    for decision in decisions:
        if decision.role and decision.allowed:
            by_role[decision.role].append(decision)
    own = {
        arn: {name: text for name, text in documents.items() if not name.startswith(OF_AWS)}
        for arn, documents in policies.items()
    }
    return [_role(arn, documents, by_role[arn]) for arn, documents in sorted(own.items()) if documents]


def _role(arn: str, documents: Mapping[str, str], decisions: list[Recorded]) -> Role:
    granting = [statement for name, text in documents.items() for statement in parse(text, name) if statement.allows]
    unused = {statement.name: _unused(statement, decisions) for statement in granting}
    granted = sum(len(statement.actions) for statement in granting)
    return Role(
        name=arn.rpartition("/")[2],
        granted=granted,
        used=granted - sum(len(actions) for actions in unused.values()),
        unneeded=tuple(statement.name for statement in granting if not is_needed(statement.name, decisions)),
        unused={name: actions for name, actions in unused.items() if actions},
    )


def is_needed(statement: str, decisions: Iterable[Recorded]) -> bool:
    """Return whether the loss of a statement denies a request: it alone allowed it."""
    return any(not decision.alone and set(decision.granting) == {statement} for decision in decisions)


def _unused(statement: Statement, decisions: Iterable[Recorded]) -> tuple[str, ...]:
    used = {decision.action.lower() for decision in decisions if statement.name in decision.granting}

    def is_used(pattern: str) -> bool:
        return any(matches(action, pattern, lookup=lambda _: None) for action in used)

    return tuple(action for action in statement.actions if not is_used(action))
