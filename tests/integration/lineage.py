"""What became of lineage events: rows of ops.lineage, and what a stand-in of an OpenLineage endpoint got."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lakehouse.job import Job
from lakehouse.lineage.record import LINEAGE


class Receiver:
    """An endpoint that keeps what it is sent and answers with `status`."""

    def __init__(self, url: str) -> None:
        self.url, self.status = url, 201
        self.events: list[dict[str, Any]] = []


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run one on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/v1/lineage" and running.status < 300:
                running.events.append(json.loads(body))
            self.send_response(running.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Receiver(f"http://127.0.0.1:{server.server_port}/api/v1/lineage")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def recorded(job: Job) -> list[dict[str, Any]]:
    """Events of the job's dataset in ops.lineage, in the order in which they were appended."""
    table = job.catalog.load_table((job.names.ops_database, LINEAGE))
    rows = table.scan(row_filter=f"dataset = '{job.contract.dataset}'").to_arrow().to_pylist()
    order = {"START": 0, "COMPLETE": 1, "FAIL": 1}
    rows.sort(key=lambda row: (row["event_time"], row["job"].endswith(".gate"), order[row["event_type"]]))
    return [json.loads(row["event"]) for row in rows]
