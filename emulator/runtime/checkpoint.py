"""State on disk while the server runs: ministack alone saves it at shutdown only, which a `kill -9` prevents.

ministack writes S3 objects to disk itself. Everything else is one JSON file for each service, which is always replaced
completely: `flush` before an answer that must survive a crash (such as a new pointer to Iceberg metadata), `mark` for
the rest, which is saved a moment later. A file is replaced by a rename, so a reader finds the old or the new state.
There is no fsync: this protects against a crash of the process, not of the machine.
"""

import itertools
import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app as ministack  # type: ignore[import-untyped]
from ministack.core import persistence  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

DELAY_SECONDS = 0.5
# A large state (many log lines) is saved less often: saving takes at most this share of the time.
MAX_SHARE_OF_TIME = 0.05

_own: dict[str, Callable[[], Any]] = {}
_dirty: set[str] = set()
_wake = threading.Event()
_tickets = itertools.count(1)
_covered: dict[str, int] = defaultdict(int)
_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
_written: dict[str, bytes] = {}
_pause_until: dict[str, float] = defaultdict(float)


def add(name: str, save: Callable[[], Any]) -> Any:
    """Keep the state of a plug-in from now on.

    Args:
        name: file name of the state, without its suffix.
        save: returns the state as JSON values.

    Returns:
        The state that an earlier server wrote, or None.
    """
    _own[name] = save
    return persistence.load_state(name)


def mark(*names: str) -> None:
    """Save these states soon."""
    _dirty.update(names)
    _wake.set()


def mark_all() -> None:
    """Save all states soon."""
    mark(*_sources())


def flush(name: str) -> None:
    """Save a state now; concurrent calls share one write."""
    ticket = next(_tickets)
    with _locks[name]:
        if _covered[name] < ticket:
            began = next(_tickets)
            _save(name)
            _covered[name] = began


def state_names(service: str) -> list[str]:
    """Return the names of the states that requests to a service may change."""
    config = ministack.SERVICE_REGISTRY.get(service)
    if config is None:
        return [service] if service in _own else []
    return [config.get("state_key", config["module"]), *config.get("sub_modules", ())]


def start() -> None:
    """Start the thread that saves what is marked."""
    threading.Thread(target=_save_marked_forever, name="checkpoint", daemon=True).start()


def close() -> None:
    """Save the state of every plug-in; ministack saves its own when it shuts down."""
    for name in _own:
        flush(name)


def _save_marked_forever() -> None:
    while True:
        _wake.wait()
        time.sleep(DELAY_SECONDS)
        _wake.clear()
        now = time.monotonic()
        names = {name for name in set(_dirty) if _pause_until[name] <= now}
        _dirty.difference_update(names)
        for name in names & _sources().keys():
            started = time.monotonic()
            try:
                flush(name)
            except OSError:
                log.exception("the state of %s cannot be written; the next attempt follows", name)
                _dirty.add(name)
            duration = time.monotonic() - started
            _pause_until[name] = started + duration / MAX_SHARE_OF_TIME
        if _dirty:
            _wake.set()


def _save(name: str) -> None:
    source = _sources().get(name)
    if source is None:
        return
    for _ in range(10):
        try:
            state = json.dumps(
                {"__ministack_format__": persistence._state_format_version(name), "payload": source()},
                default=persistence._json_default,
            ).encode()
            break
        except RuntimeError:
            # A request changed a dictionary while it was copied.
            continue
    else:
        log.warning("the state of %s changed during each of 10 copies; it is saved later", name)
        mark(name)
        return
    if _written.get(name) != state:
        path = Path(persistence.STATE_DIR) / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_bytes(state)
        new.replace(path)
        _written[name] = state


def _sources() -> dict[str, Callable[[], Any]]:
    return {**ministack._build_persistence_save_dict(), **_own}
