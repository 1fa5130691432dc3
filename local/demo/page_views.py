"""Page views of the web shop: some are sent twice, some are invalid, one names another dataset; always the same."""

import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

OPENING = datetime(2026, 2, 23, 8, tzinfo=UTC)
PAGES = ("/", "/search", "/basket", "/checkout", "/account", *(f"/articles/{number}" for number in range(1, 30)))
SENT_AGAIN = 10
BATCH = 500
"""The maximum number of records of one PutRecords request."""

FAULTS: tuple[dict[str, object], ...] = ({"viewed_at": "just now"}, {"page": "https://elsewhere.example.com"})
DELIVERY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    Attributes:
        kind: `view`, `repeat` (accepted), `faulty` (rejected) or `astray` (of another dataset).
        body: the event as JSON.
    """

    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Events in the order in which they are sent."""

    events: tuple[Event, ...]

    @property
    def kinds(self) -> Counter[str]:
        """The number of events of each kind."""
        return Counter(event.kind for event in self.events)

    @property
    def views(self) -> int:
        """The number of events of the dataset."""
        return len(self.events) - self.kinds["astray"]


def hour(number: int, *, views: int = 300) -> Visits:
    """Return the events of one hour, counted from 1 at the opening of the shop.

    From the second hour on, browsers first send again some events of the hour before.
    """
    previous = [event for event in _events(number - 1, views) if event.kind == "view"] if number > 1 else []
    repeats = [replace(event, kind="repeat") for event in previous[-SENT_AGAIN:]]
    return Visits(events=(*repeats, *_events(number, views)))


def _events(number: int, views: int) -> Iterator[Event]:
    choose = random.Random(number)  # noqa: S311 - the events must be the same every time
    beginning = OPENING + timedelta(hours=number)
    for second in sorted(choose.sample(range(3600), k=views)):
        view = {
            "event_id": str(UUID(int=choose.getrandbits(128), version=4)),
            "dataset": "page_views",
            "viewed_at": f"{beginning + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}",
            "page": choose.choice(PAGES),
            "session_id": f"s{choose.randrange(views // 5)}",
            "customer_id": choose.randint(1, 300) if choose.random() < 0.4 else None,
            "milliseconds": choose.randint(40, 900),
        }
        if choose.random() < 0.02:
            yield Event(kind="faulty", body=json.dumps(view | choose.choice(FAULTS)).encode())
            continue
        yield Event(kind="view", body=json.dumps(view).encode())
        if choose.random() < 0.03:
            yield Event(kind="repeat", body=json.dumps(view).encode())
    yield Event(kind="astray", body=json.dumps({"dataset": "mouse_moves", "x": 1, "y": 2}).encode())


def send(kinesis: "KinesisClient", visits: Visits, *, names: Names, contract: Contract) -> None:
    """Put events into the contract's stream.

    Raises:
        LakehouseError: the stream did not accept all events.
    """
    stream = names.stream(source=contract.source.name)
    for first in range(0, len(visits.events), BATCH):
        batch = visits.events[first : first + BATCH]
        records = [{"Data": event.body, "PartitionKey": event.body[-32:].hex()} for event in batch]
        failed = kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"]  # type: ignore[arg-type]
        if failed:
            raise LakehouseError(f"{stream} rejected {failed} of {len(batch)} events: send them again")


def wait_until_delivered(s3: "S3Client", count: int, *, names: Names, contract: Contract) -> None:
    """Wait until the given number of events of a contract is in stage.

    Raises:
        LakehouseError: the events did not arrive in time.
    """
    deadline = time.monotonic() + DELIVERY_SECONDS
    while (delivered := _delivered(s3, names=names, contract=contract)) < count:
        if time.monotonic() > deadline:
            raise LakehouseError(
                f"{contract.dataset}: {delivered} of {count} events in stage after {DELIVERY_SECONDS} s"
            )
        time.sleep(0.1)


def _delivered(s3: "S3Client", *, names: Names, contract: Contract) -> int:
    bucket = names.bucket(Zone.STAGE)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=contract.stage_prefix).get("Contents", [])
    bodies = (s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in listed)
    return sum(gzip.decompress(body).count(b"\n") for body in bodies)
