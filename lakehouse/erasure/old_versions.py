"""Every object and version of every zone, read: where a person still is, and whether that may be deleted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.table import Table

from lakehouse.contracts.model import Contract
from lakehouse.erasure import scan
from lakehouse.erasure.scan import Person
from lakehouse.erasure.subject import Subject
from lakehouse.erasure.versions import Version, content, versions
from lakehouse.maintenance.reachable import reachable
from lakehouse.names import Names, Zone
from lakehouse.tables import definition as table_definition

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IN_FLIGHT = timedelta(hours=1)
"""A younger file that no table refers to may be one that a running job commits next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A version of an object that has a person in it.

    Args:
        version: the object.
        dataset: whose place it is in; None for models, query results and other places of nobody.
        disposable: whether nobody needs it: an old version, a query result, a file that no table refers to.
        of_table: whether a table, in a state that it remembers, consists of it.
        remedy: why it is there, and what to do.
    """

    version: Version
    dataset: str | None
    disposable: bool
    of_table: bool
    remedy: str


class Sweep:
    """A search of all zones for some subjects; content that was read once is not read again, as versions never change.

    Args:
        subjects: who is looked for: by columns, each in its own dataset's places and all of them in models and query
            results; by texts that nothing else is likely to have, everywhere.
        contracts: all datasets, to tell whose place is whose.
        catalog: Iceberg catalog.
        names: names of the deployment.
    """

    def __init__(
        self,
        s3: "S3Client",
        subjects: Iterable[Subject],
        contracts: Iterable[Contract],
        *,
        catalog: Catalog,
        names: Names,
    ) -> None:
        self._s3 = s3
        self._people: dict[str, list[Person]] = {}
        for subject in subjects:
            self._people.setdefault(subject.contract.dataset, []).append(subject.traits)
        self._catalog = catalog
        self._names = names
        self._places = _places(contracts, names=names)
        self._clean: set[tuple[str, str, str | None]] = set()
        self.read = 0

    def look(self, *, now: datetime) -> Iterator[Found]:
        """Yield what has one of the people in it, and was not written down to complete an erasure by."""
        needed = _needed(self._catalog, self._names)
        begun = f"s3://{self._names.bucket(Zone.RAW)}/{self._names.begun_erasures_prefix}"
        for bucket in (*map(self._names.bucket, Zone), self._names.results_bucket):
            for version in versions(self._s3, bucket):
                if version.uri.startswith(begun):
                    continue
                dataset = next((name for prefix, name in self._places if version.uri.startswith(prefix)), None)
                if self._has(version, dataset):
                    disposable = self._is_disposable(version, needed, now=now)
                    of_table = version.is_latest and version.uri in needed
                    yield Found(
                        version=version,
                        dataset=dataset,
                        disposable=disposable,
                        of_table=of_table,
                        remedy=self._remedy(version, dataset, disposable=disposable, of_table=of_table),
                    )

    def _has(self, version: Version, dataset: str | None) -> bool:
        identity = (version.bucket, version.key, version.version_id)
        if version.version_id is not None and identity in self._clean:
            return False
        people = [person for name, of in self._people.items() if dataset in (name, None) for person in of]
        others = [person for of in self._people.values() for person in of if person not in people]
        if not people and not scan.telling(others):
            return False
        body = content(self._s3, version.request)
        if body is None:
            return False
        self.read += 1
        if scan.has(body, people, others=others):
            return True
        self._clean.add(identity)
        return False

    def _is_disposable(self, version: Version, needed: set[str], *, now: datetime) -> bool:
        if not version.is_latest or version.bucket == self._names.results_bucket:
            return version.bucket != self._names.bucket(Zone.STAGE)
        zones = [self._names.bucket(zone) for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)]
        old = version.modified < now - IN_FLIGHT
        return version.bucket in zones and version.uri not in needed and old

    def _remedy(self, version: Version, dataset: str | None, *, disposable: bool, of_table: bool) -> str:
        stage = self._names.bucket(Zone.STAGE)
        if version.bucket == stage and version.key.startswith(self._names.undelivered_prefix):
            return "Firehose could not deliver it: delete it in all versions"
        if not disposable and not of_table and version.bucket != stage:
            after = f"{version.modified.astimezone(UTC) + IN_FLIGHT:%Y-%m-%d %H:%M} UTC"
            return (
                f"no table refers to it, but a job may be about to commit it: ask again when none runs, after {after}"
            )
        if disposable or dataset in self._people:
            return "it came while this erasure ran: ask again"
        of = f"{dataset} has" if dataset else "what is built has"
        return (
            f"{of} it without a `relationship` to this dataset: write one into the contract that it comes by, ask again"
        )


def _places(contracts: Iterable[Contract], *, names: Names) -> list[tuple[str, str]]:
    """URI prefixes that are one dataset's, with its name."""
    stage, raw = (f"s3://{names.bucket(zone)}/" for zone in (Zone.STAGE, Zone.RAW))
    return [
        (prefix, contract.dataset)
        for contract in contracts
        for prefix in (
            *(f"{definition.location}/" for definition in table_definition.of_contracts([contract], names=names)),
            f"{stage}{contract.stage_prefix}",
            f"{stage}{names.erased_prefix(dataset=contract.dataset)}",
            f"{raw}{names.batches_prefix(dataset=contract.dataset)}",
        )
    ]


def _needed(catalog: Catalog, names: Names) -> set[str]:
    """Every file of every Iceberg table of the zones."""
    databases = [names.database(zone) for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)]
    databases = [database for database in (*databases, names.ops_database) if catalog.namespace_exists(database)]
    tables = (table for database in databases for table in catalog.list_tables(database))
    loaded = (_loaded(catalog.load_table, ".".join(table)) for table in tables)
    return {uri for table in loaded if table is not None for uri in reachable(table)}


def _loaded(load: Callable[[str], Table], name: str) -> Table | None:
    try:
        return load(name)
    except (NoSuchTableError, NoSuchIcebergTableError, NoSuchPropertyException):
        return None  # a view, or dbt has just put another in its place
