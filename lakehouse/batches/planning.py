"""Plan batches: list the objects that wait in stage and write the next manifests of a dataset.

Three rules keep every object in exactly one batch, whoever plans and wherever a planner is killed:

1. Only a manifest makes objects a batch, and it is written only if none has its number.
2. A planner reads the index, then lists the manifests after it, then lists stage. If another planner writes a manifest
   after that listing, the number is taken, and the slower planner begins again.
3. The index is written last. If that does not happen, the next planner reads a few more manifests.
"""

import heapq
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lakehouse.batches import index, manifests
from lakehouse.batches.index import Index, Part, Stored, digest
from lakehouse.batches.listing import MARGIN, PAGE, Arrival, Listing, last_keys, listing
from lakehouse.batches.manifests import Batch
from lakehouse.contracts.model import Ingest
from lakehouse.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

BATCH_BYTES = 64 * 2**30
"""A batch takes no more objects after this size, so that the time of one job run is limited."""

ALL_LISTED_EVERY = timedelta(hours=1)
"""All objects of a large dataset are listed after this time; before, only those after the last keys."""


class Arriving(Protocol):
    """What planning needs of a contract."""

    @property
    def dataset(self) -> str: ...
    @property
    def stage_prefix(self) -> str: ...
    @property
    def ingest(self) -> Ingest: ...


class Planned(NamedTuple):
    """What a planner wrote and found.

    Attributes:
        batches: the batches that it wrote, oldest first.
        last: number of the last batch of the dataset; 0 if it has none.
    """

    batches: list[Batch]
    last: int


class _View(NamedTuple):
    """What a planner knows before it writes.

    Attributes:
        at: when it began.
        recent: the recent index, as it is stored.
        base: the index that this planner used.
        last: number of the last batch.
        listed: the objects of stage that `base` covers.
        digests: their arrivals by digest.
        waiting: those in no batch, oldest first.
    """

    at: datetime
    recent: Stored
    base: Index
    last: int
    listed: Listing
    digests: dict[str, Arrival]
    waiting: list[Arrival]


def plan_batches(s3: "S3Client", *, names: Names, contract: Arriving, list_all: bool = False) -> Planned:
    """Write the next batches of a dataset: all objects under its stage prefix that are in no batch yet.

    Args:
        s3: S3 client.
        names: names of the deployment.
        contract: the dataset.
        list_all: list all objects, also of a large dataset whose keys grow with time.
    """
    planned: list[Batch] = []
    while True:
        view = _view(s3, names=names, contract=contract, list_all=list_all)
        last = view.last
        for taken in _batches(view.waiting, ingest=contract.ingest):
            batch = Batch(
                dataset=contract.dataset,
                batch_id=manifests.batch_id_of(contract.dataset, last + 1),
                objects=tuple(arrival.stage_object for arrival in taken),
                arrived_at=taken[-1].at,
                created_at=datetime.now(UTC),
            )
            if not manifests.put(s3, names=names, batch=batch):
                break
            planned.append(batch)
            last += 1
        else:
            _write_index(s3, view, last=last, names=names, dataset=contract.dataset)
            return Planned(batches=planned, last=last)


def _view(s3: "S3Client", *, names: Names, contract: Arriving, list_all: bool) -> _View:
    at = datetime.now(UTC)
    dataset, prefix = contract.dataset, contract.stage_prefix
    recent = index.read(s3, Part.RECENT, names=names, dataset=dataset, prefix=prefix)
    base = recent.content
    if base.after and (list_all or at - base.listed_at >= ALL_LISTED_EVERY):
        base = index.read(s3, Part.ALL, names=names, dataset=dataset, prefix=prefix).content
    written_at = manifests.batch_ids(s3, names=names, dataset=dataset, first=max(base.through, 1))
    if base.through and manifests.batch_id_of(dataset, base.through) not in written_at:
        log.warning("%s: batch %d of the index does not exist; the index is made again", dataset, base.through)
        base = Index(prefix=prefix)
        written_at = manifests.batch_ids(s3, names=names, dataset=dataset)
    listed = listing(s3, names=names, prefix=prefix, after=base.after)
    digests = {digest(arrival.stage_object): arrival for arrival in listed.arrivals}
    batched = base.objects | _later(s3, written_at, listed, through=base.through, names=names, dataset=dataset)
    waiting = [arrival for one, arrival in digests.items() if one not in batched]
    late = sum(arrival.stage_object.key <= recent.content.after for arrival in waiting)
    if late:
        log.warning(
            "%s: a listing of all objects found %d whose keys sort before those that came earlier", dataset, late
        )
    return _View(
        at=at,
        recent=recent,
        base=base,
        last=max(map(manifests.number_of, written_at), default=0),
        listed=listed,
        digests=digests,
        waiting=waiting,
    )


def _later(
    s3: "S3Client", written_at: Mapping[str, datetime], listed: Listing, *, through: int, names: Names, dataset: str
) -> set[str]:
    """Return the digests of objects in the batches after a number that can be listed objects."""
    if not listed.arrivals:
        return set()
    # A manifest that is older than every listed object names none of them.
    oldest = listed.arrivals[0].at
    later = [one for one, at in written_at.items() if manifests.number_of(one) > through and at >= oldest]
    if len(later) > PAGE:
        log.warning("%s: its index of batches is made from %d manifests", dataset, len(later))
    batches = (manifests.load(s3, names=names, dataset=dataset, batch_id=one) for one in later)
    return {digest(one) for batch in batches for one in (*batch.objects, *batch.erased)}


def _batches(waiting: Sequence[Arrival], *, ingest: Ingest) -> Iterator[list[Arrival]]:
    """Divide waiting objects into batches; each delivery of a snapshot is a complete state and stays apart."""
    deliveries: dict[str, list[Arrival]] = {}
    for arrival in waiting:
        delivery = arrival.stage_object.delivery if ingest is Ingest.SNAPSHOT else ""
        deliveries.setdefault(delivery, []).append(arrival)
    for delivered in deliveries.values():
        taken: list[Arrival] = []
        size = 0
        for arrival in delivered:
            taken.append(arrival)
            size += arrival.stage_object.size
            if size >= BATCH_BYTES:
                yield taken
                taken, size = [], 0
        if taken:
            yield taken


def _write_index(s3: "S3Client", view: _View, *, last: int, names: Names, dataset: str) -> None:
    """Write the index of what is listed, all of which is in batches now; a newer one of another planner stays."""
    base, recent = view.base, view.recent
    keys = [key for _, key in view.listed.arrived]
    if base.after:
        greatest = heapq.nlargest(MARGIN + 1, keys)
        after, listed_at = greatest[-1] if len(greatest) > MARGIN else base.after, base.listed_at
    else:
        after, listed_at = last_keys(view.listed.arrived), view.at
    used = replace(base, through=last, listed_at=listed_at, objects=frozenset(view.digests))
    # An index of a million objects is not written for each batch: reading a batch for each page of the listing, or a
    # tenth of the objects, costs no more.
    batches, objects = last - base.through, len(view.digests.keys() - base.objects)
    is_old = batches > 0 and (batches >= len(view.digests) // PAGE or 10 * objects >= len(view.digests))
    if after and not base.after and is_old:
        index.put(s3, Part.ALL, used, names=names, dataset=dataset)
    if is_old or base is not recent.content:
        covered = frozenset(one for one, arrival in view.digests.items() if arrival.stage_object.key > after)
        new = replace(used, after=after, objects=covered)
        index.put(s3, Part.RECENT, new, names=names, dataset=dataset, condition=recent.condition)
