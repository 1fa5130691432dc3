"""`lakehouse erase`: a person's records leave stage, raw, integration and what is built of them; a scan proves it."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lakehouse.contracts.model import Contract
from lakehouse.erasure import journal, proof, stage, tables
from lakehouse.erasure.old_versions import Sweep
from lakehouse.erasure.proof import COMPLETE, Erasure, Place
from lakehouse.erasure.related import related
from lakehouse.erasure.subject import Subject
from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.tables import definition as table_definition

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an erasure is about.

    Args:
        subject: who, in the dataset that was named.
        also: rows of other datasets that refer to it, which go too.
        kept: such rows that stay.
        resumed: whether an erasure of the subject was begun and not completed.
    """

    subject: Subject
    also: tuple[Subject, ...] = ()
    kept: tuple[Subject, ...] = ()
    resumed: bool = False

    @property
    def erased(self) -> tuple[Subject, ...]:
        return (self.subject, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of one dataset is a person's."""

    subject: Subject
    stage_records: int
    raw_rows: int
    integration_rows: int


def plan(
    s3: "S3Client",
    subject: Subject,
    contracts: Sequence[Contract],
    *,
    with_related: bool,
    catalog: Catalog,
    names: Names,
) -> Plan:
    """Find which datasets an erasure is about: now, and when one was begun that was not completed."""
    remembered = journal.remembered(s3, subject, contracts, names=names)
    others = tuple(related(subject, contracts, catalog=catalog, names=names, remembered=remembered))
    also, kept = (others, ()) if with_related else ((), others)
    return Plan(subject=subject, also=also, kept=kept, resumed=bool(remembered))


def amounts(s3: "S3Client", planned: Plan, *, catalog: Catalog, names: Names) -> list[Amount]:
    """What would be erased, by dataset; changes nothing."""
    found = []
    for subject in planned.erased:
        raw, integration = rows(subject, catalog=catalog, names=names)
        found.append(
            Amount(
                subject=subject,
                stage_records=stage.erase(s3, subject, names=names, dry_run=True),
                raw_rows=raw,
                integration_rows=integration,
            )
        )
    return found


def rows(subject: Subject, *, catalog: Catalog, names: Names) -> list[int]:
    """How many rows of raw and of integration are a person's."""
    return [tables.count(load(), subject) for load in _tables(subject.contract, catalog=catalog, names=names)]


def erase(
    s3: "S3Client",
    planned: Plan,
    contracts: Sequence[Contract],
    *,
    catalog: Catalog,
    names: Names,
    build: Callable[[Sequence[str]], object],
) -> Erasure:
    """Erase, look whether anything is left, and write the proof.

    Stage comes first, as everything could come again from there. Each step looks at what is left to do, and which rows
    are the person's is written down until nothing is found: an erasure that died is completed by asking for it again.

    Args:
        s3: S3 client.
        planned: what it is about.
        contracts: all datasets.
        catalog: Iceberg catalog.
        names: names of the deployment.
        build: builds the models that are made of some datasets anew.

    Raises:
        LakehouseError: a step could not be done; those before it are.
    """
    started, salt = datetime.now(UTC), proof.new_salt()
    journal.remember(s3, planned.subject, (*planned.also, *planned.kept), names=names)
    stage_records = sum(stage.erase(s3, subject, names=names, dry_run=False) for subject in planned.erased)
    removed = deleted = 0
    for subject in planned.erased:
        for load in _tables(subject.contract, catalog=catalog, names=names):
            removed += tables.erase(load, subject)
            deleted += tables.forget_past(s3, load)
    erased, kept = _datasets(planned.erased), _datasets(planned.kept)
    build(erased)

    sweep = Sweep(s3, (*planned.erased, *planned.kept), contracts, catalog=catalog, names=names)
    for found in list(sweep.look(now=datetime.now(UTC))):
        if found.disposable and found.dataset not in kept:
            s3.delete_object(**found.version.request)
            deleted += 1
    left = list(sweep.look(now=datetime.now(UTC)))
    # A model that is made of a dataset that was left as it is may have the person through it.
    retained = [found for found in left if found.dataset in kept or (kept and found.dataset is None and found.of_table)]
    done = Erasure(
        erasure_id=str(uuid.uuid4()),
        dataset=planned.subject.contract.dataset,
        key_hash=proof.hash_of(planned.subject, salt=salt),
        salt=salt,
        started_at=started,
        finished_at=datetime.now(UTC),
        datasets=erased,
        kept=kept,
        stage_records=stage_records,
        rows=removed,
        versions=deleted,
        scanned=sweep.read,
        found=tuple(Place(uri=found.version.uri, remedy=found.remedy) for found in left if found not in retained),
        retained=tuple(found.version.uri for found in retained),
    )
    if done.state == COMPLETE:
        journal.forget(s3, planned.subject, names=names)
    proof.write(s3, catalog, done, names=names)
    return done


def _datasets(subjects: Iterable[Subject]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subject.contract.dataset for subject in subjects))


def _tables(contract: Contract, *, catalog: Catalog, names: Names) -> list[Callable[[], Table]]:
    """What loads the raw and the integration table of a dataset.

    Raises:
        LakehouseError: there is no such table.
    """
    definitions = table_definition.of_contracts([contract], names=names)
    for definition in definitions:
        if not catalog.table_exists(definition.name):
            raise LakehouseError(
                f"there is no table {definition.name}: put the contract in force, `lakehouse tables apply`"
            )
    return [partial(catalog.load_table, definition.name) for definition in definitions]
