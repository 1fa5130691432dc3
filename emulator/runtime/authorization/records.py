"""The decisions of a server, each distinct one as a line of `logs/authorization.jsonl` in its root folder.

A line has all that the decision depends on, so that a test can decide again with other policies.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from emulator.runtime.authorization.evaluation import Decision
from emulator.runtime.authorization.resources import Check
from emulator.runtime.principals import Principal

FILE = "logs/authorization.jsonl"

_seen: set[tuple[Any, ...]] = set()
_file: list[IO[str]] = []


def record(root: Path, principal: Principal, check: Check, keys: Mapping[str, Any], decision: Decision) -> None:
    """Write a decision if it differs from all earlier ones.

    Args:
        root: root folder of the server.
        principal: the caller.
        check: action and resource.
        keys: condition keys.
        decision: the decision.
    """
    identity = (principal.arn, check.action, check.resource, decision)
    if identity in _seen:
        return
    _seen.add(identity)
    if not _file:
        path = root / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        _file.append(path.open("a", buffering=1))
    line = {
        "principal": principal.arn,
        "kind": principal.kind,
        "account": principal.account,
        "role": principal.role,
        "action": check.action,
        "resource": check.resource,
        "keys": dict(keys),
        "allowed": decision.allowed,
        "reason": decision.reason,
        "statements": decision.statements,
        "granting": decision.granting,
        "alone": decision.alone,
    }
    _file[0].write(json.dumps(line) + "\n")
