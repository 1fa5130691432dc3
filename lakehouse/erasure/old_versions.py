"""Scan every version of every object of all zones for a person, and decide which of the matches may be deleted."""

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
from lakehouse.tables.definition import of_contracts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IN_FLIGHT = timedelta(hours=1)
"""A younger file that no table refers to may belong to a running job that has not committed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A version of an object that contains a person's data.

    Attributes:
        version: the object version.
        dataset: dataset that owns its prefix; None for models, query results and all other prefixes.
        disposable: whether it may be deleted: an old version, a query result, or a file that no table refers to.
        of_table: whether a retained snapshot of a table refers to it.
        remedy: why it is there, and what to do.
    """

    version: Version
    dataset: str | None
    disposable: bool
    of_table: bool
    remedy: str


class VersionScan:
    """A scan of all zones for some subjects; a version without a match is read only once, because it cannot change.

    Key columns are compared in the files of the subject's own dataset, and in models and query results. Distinctive
    values are searched for everywhere.

    Attributes:
        objects_read: number of object versions that were read so far.
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
        """Prepare a scan.

        Args:
            s3: S3 client.
            subjects: the rows to search for.
            contracts: the contracts of all datasets, which decide the dataset that owns a prefix.
            catalog: Iceberg catalog.
            names: names of the deployment.
        """
        self._s3 = s3
        self._people: dict[str, list[Person]] = {}
        for subject in subjects:
            self._people.setdefault(subject.contract.dataset, []).append(subject.traits)
        self._catalog = catalog
        self._names = names
        self._prefixes = _prefixes(contracts, names=names)
        self._clean: set[tuple[str, str, str | None]] = set()
        self.objects_read = 0

    def matches(self, *, now: datetime) -> Iterator[Match]:
        """Yield each version that contains one of the subjects, except the journal of incomplete erasures."""
        table_files = _table_files(self._catalog, self._names)
        journal = f"s3://{self._names.bucket(Zone.RAW)}/{self._names.begun_erasures_prefix}"
        for bucket in (*map(self._names.bucket, Zone), self._names.results_bucket):
            for version in versions(self._s3, bucket):
                if version.uri.startswith(journal):
                    continue
                dataset = next((name for prefix, name in self._prefixes if version.uri.startswith(prefix)), None)
                if self._contains_subject(version, dataset):
                    disposable = self._is_disposable(version, table_files, now=now)
                    of_table = version.is_latest and version.uri in table_files
                    yield Match(
                        version=version,
                        dataset=dataset,
                        disposable=disposable,
                        of_table=of_table,
                        remedy=self._remedy(version, dataset, disposable=disposable, of_table=of_table),
                    )

    def _contains_subject(self, version: Version, dataset: str | None) -> bool:
        identity = (version.bucket, version.key, version.version_id)
        if version.version_id is not None and identity in self._clean:
            return False
        people = [person for name, group in self._people.items() if dataset in (name, None) for person in group]
        others = [person for group in self._people.values() for person in group if person not in people]
        if not people and not scan.distinctive(others):
            return False
        body = content(self._s3, version.request)
        if body is None:
            return False
        self.objects_read += 1
        if scan.contains(body, people, others=others):
            return True
        self._clean.add(identity)
        return False

    def _is_disposable(self, version: Version, table_files: set[str], *, now: datetime) -> bool:
        if not version.is_latest or version.bucket == self._names.results_bucket:
            return version.bucket != self._names.bucket(Zone.STAGE)
        zones = [self._names.bucket(zone) for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)]
        old = version.modified < now - IN_FLIGHT
        return version.bucket in zones and version.uri not in table_files and old

    def _remedy(self, version: Version, dataset: str | None, *, disposable: bool, of_table: bool) -> str:
        stage = self._names.bucket(Zone.STAGE)
        if version.bucket == stage and version.key.startswith(self._names.undelivered_prefix):
            return "Firehose could not deliver it: delete all its versions"
        if not disposable and not of_table and version.bucket != stage:
            after = f"{version.modified.astimezone(UTC) + IN_FLIGHT:%Y-%m-%d %H:%M} UTC"
            return (
                "no table refers to it, but a running job may commit it: run the erasure again when no job runs, "
                f"after {after}"
            )
        if disposable or dataset in self._people:
            return "it was written during this erasure: run the erasure again"
        owner = f"dataset {dataset} contains" if dataset else "a model or another object contains"
        return (
            f"{owner} the person, but no `relationship` leads from there to the erased dataset: add a `relationship` "
            "to the contract of the data, then run the erasure again"
        )


def _prefixes(contracts: Iterable[Contract], *, names: Names) -> list[tuple[str, str]]:
    """Return the URI prefixes that belong to one dataset, each with the name of the dataset."""
    stage, raw = (f"s3://{names.bucket(zone)}/" for zone in (Zone.STAGE, Zone.RAW))
    return [
        (prefix, contract.dataset)
        for contract in contracts
        for prefix in (
            *(f"{definition.location}/" for definition in of_contracts([contract], names=names)),
            f"{stage}{contract.stage_prefix}",
            f"{stage}{names.erased_prefix(dataset=contract.dataset)}",
            f"{raw}{names.batches_prefix(dataset=contract.dataset)}",
            f"{raw}{names.batch_indexes_prefix}{contract.dataset}/",
        )
    ]


def _table_files(catalog: Catalog, names: Names) -> set[str]:
    """Return the URIs of all files of all Iceberg tables of the zones."""
    databases = [names.database(zone) for zone in (Zone.RAW, Zone.INTEGRATION, Zone.CURATED)]
    databases = [database for database in (*databases, names.ops_database) if catalog.namespace_exists(database)]
    tables = (table for database in databases for table in catalog.list_tables(database))
    loaded = (_loaded(catalog.load_table, ".".join(table)) for table in tables)
    return {uri for table in loaded if table is not None for uri in reachable(table)}


def _loaded(load: Callable[[str], Table], name: str) -> Table | None:
    try:
        return load(name)
    except (NoSuchTableError, NoSuchIcebergTableError, NoSuchPropertyException):
        return None  # a view, or dbt has just replaced the table
