"""`lakehouse erase`: remove a person's records from stage, raw, integration and models, then prove it by a scan."""

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
from lakehouse.erasure.old_versions import VersionScan
from lakehouse.erasure.proof import COMPLETE, Erasure, Finding
from lakehouse.erasure.related import related_subjects
from lakehouse.erasure.subject import Subject
from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.tables.definition import of_contracts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The subjects of one erasure.

    Attributes:
        subject: the person, in the dataset that was named.
        related: rows of other datasets that refer to the person and are erased too.
        kept: rows of other datasets that refer to the person and stay.
        resumed: whether an earlier erasure of the subject is not complete.
    """

    subject: Subject
    related: tuple[Subject, ...] = ()
    kept: tuple[Subject, ...] = ()
    resumed: bool = False

    @property
    def erased(self) -> tuple[Subject, ...]:
        """All subjects that are erased."""
        return (self.subject, *self.related)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The number of a person's records in one dataset."""

    subject: Subject
    stage_records: int
    raw_rows: int
    integration_rows: int


def plan_erasure(
    s3: "S3Client",
    subject: Subject,
    contracts: Sequence[Contract],
    *,
    with_related: bool,
    catalog: Catalog,
    names: Names,
) -> Plan:
    """Find the datasets of an erasure: those that refer to the subject now, and those of an incomplete erasure."""
    journaled = journal.read(s3, subject, contracts, names=names)
    subjects = tuple(related_subjects(subject, contracts, catalog=catalog, names=names, journaled=journaled))
    related, kept = (subjects, ()) if with_related else ((), subjects)
    return Plan(subject=subject, related=related, kept=kept, resumed=bool(journaled))


def amounts(s3: "S3Client", planned: Plan, *, catalog: Catalog, names: Names) -> list[Amount]:
    """Count, by dataset, what would be erased, without changing anything."""
    counted = []
    for subject in planned.erased:
        raw, integration = row_counts(subject, catalog=catalog, names=names)
        counted.append(
            Amount(
                subject=subject,
                stage_records=stage.erase(s3, subject, names=names, dry_run=True),
                raw_rows=raw,
                integration_rows=integration,
            )
        )
    return counted


def row_counts(subject: Subject, *, catalog: Catalog, names: Names) -> list[int]:
    """Return the number of a person's rows in raw and in integration."""
    return [tables.count(load(), subject) for load in _table_loaders(subject.contract, catalog=catalog, names=names)]


def run_erasure(
    s3: "S3Client",
    planned: Plan,
    contracts: Sequence[Contract],
    *,
    catalog: Catalog,
    names: Names,
    build: Callable[[Sequence[str]], object],
) -> Erasure:
    """Erase the planned subjects, scan all zones for what is left, and write the proof.

    Stage comes first, because a rerun could load everything again from there. Every step works on what is left, and
    the journal names the subjects until nothing is found: an interrupted erasure is completed by running it again.

    Args:
        s3: S3 client.
        planned: the subjects.
        contracts: the contracts of all datasets.
        catalog: Iceberg catalog.
        names: names of the deployment.
        build: rebuilds the models that depend on the given datasets.

    Raises:
        LakehouseError: a step failed; the steps before it are done.
    """
    started, salt = datetime.now(UTC), proof.new_salt()
    journal.write(s3, planned.subject, (*planned.related, *planned.kept), names=names)
    stage_records = sum(stage.erase(s3, subject, names=names, dry_run=False) for subject in planned.erased)
    removed_rows = deleted_versions = 0
    for subject in planned.erased:
        for load in _table_loaders(subject.contract, catalog=catalog, names=names):
            removed_rows += tables.erase(load, subject)
            deleted_versions += tables.expire_history(s3, load)
    erased, kept = _datasets(planned.erased), _datasets(planned.kept)
    build(erased)

    scan = VersionScan(s3, (*planned.erased, *planned.kept), contracts, catalog=catalog, names=names)
    for match in list(scan.matches(now=datetime.now(UTC))):
        if match.disposable and match.dataset not in kept:
            s3.delete_object(**match.version.request)
            deleted_versions += 1
    matches = list(scan.matches(now=datetime.now(UTC)))
    # A model that is built from a kept dataset may still show the person.
    retained = [
        match for match in matches if match.dataset in kept or (kept and match.dataset is None and match.of_table)
    ]
    erasure = Erasure(
        erasure_id=str(uuid.uuid4()),
        dataset=planned.subject.contract.dataset,
        key_hash=proof.hash_of(planned.subject, salt=salt),
        salt=salt,
        started_at=started,
        finished_at=datetime.now(UTC),
        datasets=erased,
        kept=kept,
        stage_records=stage_records,
        rows=removed_rows,
        versions=deleted_versions,
        scanned=scan.objects_read,
        found=tuple(Finding(uri=match.version.uri, remedy=match.remedy) for match in matches if match not in retained),
        retained=tuple(match.version.uri for match in retained),
    )
    if erasure.state == COMPLETE:
        journal.delete(s3, planned.subject, names=names)
    proof.write(s3, catalog, erasure, names=names)
    return erasure


def _datasets(subjects: Iterable[Subject]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subject.contract.dataset for subject in subjects))


def _table_loaders(contract: Contract, *, catalog: Catalog, names: Names) -> list[Callable[[], Table]]:
    """Return functions that load the raw and the integration table of a dataset.

    Raises:
        LakehouseError: a table does not exist.
    """
    definitions = of_contracts([contract], names=names)
    for definition in definitions:
        if not catalog.table_exists(definition.name):
            raise LakehouseError(
                f"{contract.dataset}: table {definition.name} does not exist; `lakehouse tables apply` creates it"
            )
    return [partial(catalog.load_table, definition.name) for definition in definitions]
