"""Recorded lineage events: rows of ops.lineage, and requests to a stand-in of an OpenLineage endpoint."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lakehouse.moves.job import Job
from lakehouse.names import OpsTable
from tests.support.http_servers import Posted, receiving

PATH = "/api/v1/lineage"


class Receiver:
    """An endpoint that keeps what it is sent and answers with `status`."""

    def __init__(self, url: str) -> None:
        self.url, self.status = url, 201
        self.events: list[dict[str, Any]] = []


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run one on a free port of 127.0.0.1."""

    def take(posted: Posted) -> tuple[int, str]:
        if posted.path == PATH and running.status < 300:
            running.events.append(json.loads(posted.body))
        return running.status, ""

    with receiving(take) as url:
        running = Receiver(f"{url}{PATH}")
        yield running


def recorded(job: Job) -> list[dict[str, Any]]:
    """Events of the job's dataset in ops.lineage, in the order in which they were appended."""
    table = job.catalog.load_table((job.names.ops_database, OpsTable.LINEAGE))
    rows = table.scan(row_filter=f"dataset = '{job.contract.dataset}'").to_arrow().to_pylist()
    order = {"START": 0, "COMPLETE": 1, "FAIL": 1}
    rows.sort(key=lambda row: (row["event_time"], row["job"].endswith(".gate"), order[row["event_type"]]))
    return [json.loads(row["event"]) for row in rows]
