"""The decisions of Lake Formation, each distinct one as a line of `logs/lake_formation.jsonl` in the server's root.

A line names the grants that give the permission, and those whose loss changes the decision: what a caller could not do
any more, or columns and rows that it would not see. So a test finds grants that nothing needs, without another run.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from emulator.runtime.responses import Json
from emulator.services.lakeformation.model import Principal

Decide = Callable[[list[Json]], Any]
FILE = "logs/lake_formation.jsonl"

_seen: set[tuple[str, str, str, str]] = set()
_file: list[IO[str]] = []


def record(
    root: Path, principal: Principal, permission: str, on: str, *, held: list[Json], decide: Decide, found: Any
) -> None:
    """Write a decision if it differs from all earlier ones.

    Args:
        root: root folder of the server.
        principal: the caller.
        permission: the permission that the call needs, such as `ALTER`.
        on: what it needs it on, such as `table/sales/orders`.
        held: the grants that hold for the caller.
        decide: returns what a list of grants gives: a truth value, or columns and rows; false for nothing.
        found: what the caller's grants give.
    """
    identity = (principal.arn, permission, on, repr(found))
    if identity in _seen:
        return
    _seen.add(identity)
    giving = [grant for grant in held if decide([grant])]
    needed = [grant for grant in giving if decide([other for other in held if other is not grant]) != found]
    line = {
        "principal": principal.arn,
        "permission": permission,
        "on": on,
        "allowed": bool(found),
        "alone": bool(decide([])),
        "granting": list(map(name_of, giving)),
        "needed": list(map(name_of, needed)),
    }
    if not _file:
        path = root / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        _file.append(path.open("a", buffering=1))
    _file[0].write(json.dumps(line) + "\n")


def name_of(grant: Json) -> str:
    """Return a text that identifies a grant: its principal and its resource."""
    return json.dumps([grant["Principal"]["DataLakePrincipalIdentifier"], grant["Resource"]], sort_keys=True)
