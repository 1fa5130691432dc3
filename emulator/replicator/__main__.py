"""The replicator's process: `python -m emulator.replicator FOLDER`; its standard input is the task, one line of JSON.

On SIGTERM or at the end of its standard input it uploads its changes and stops, so it ends with the server that started
it. FOLDER contains its state and the files that are not yet in S3.
"""

import json
import logging
import signal
import sys
import threading
from pathlib import Path

from emulator.replicator import replication, state, task

log = logging.getLogger(__name__)


def main() -> int:
    """Run one replication; return 0 if it was stopped or is complete, 1 if it failed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is for the process that started this one
    document = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_at_end_of_input, args=[stop], daemon=True).start()
    if document["Action"] == task.REMOVE:
        replication.remove(task.parse(document))
        return 0
    folder = Path(sys.argv[1])
    progress = state.load(folder)
    try:
        replication.run(task.parse(document), folder=folder, state=progress, stopping=stop.is_set)
    except Exception as error:
        log.exception("the replication failed")
        progress.status, progress.error = "failed", f"{type(error).__name__}: {error}".strip()
        progress.save()
        return 1
    progress.status = "stopped"
    progress.stop_reason = progress.stop_reason or "Stop Reason NORMAL"
    progress.save()
    return 0


def _stop_at_end_of_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
