"""Candidates: the tables that a build makes, until they are published or their time is over."""

from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from .catalog import Catalog
from .classification import classify
from .comparison import data_files
from .results import Model

DAYS = 3
"""For how many days a refused candidate can be queried; `lakehouse.names` has the same number."""

REFUSED, REFUSED_AT = "lakehouse.refused", "lakehouse.refused-at"
"""Table properties of a refused candidate: the reason, and the time in ISO 8601."""

MOST_CHARACTERS = 1000


class Used(Enum):
    """Files of a candidate that the published table uses."""

    ALL = "all"
    DATA = "data"
    NOTHING = "nothing"


def keep(catalog: Catalog, lake_formation: Any, model: Model, *, reason: str) -> None:
    """Write into a candidate why it was refused, and let the people who read the model read it.

    Args:
        catalog: the catalog.
        lake_formation: client of Lake Formation.
        model: the model.
        reason: why it was refused.
    """
    entry = catalog.entry(model.database, model.candidate)
    if entry is None:
        return
    properties = {REFUSED: reason[:MOST_CHARACTERS], REFUSED_AT: datetime.now(UTC).isoformat(timespec="seconds")}
    with catalog.documenting(entry), catalog.load_table((model.database, model.candidate)).transaction() as transaction:
        transaction.set_properties(properties)
    classify(lake_formation, model.node, entry=entry)


def remove(catalog: Catalog, candidate: Table, *, used: Used) -> None:
    """Remove a candidate from the catalog, and delete those of its files that the published table does not use.

    If this is interrupted, `lakehouse maintain --models` deletes the files later.
    """
    snapshot = candidate.current_snapshot()
    unused: set[str] = set()
    if used is not Used.ALL:
        manifests = snapshot.manifests(candidate.io) if snapshot else []
        logged = [entry.metadata_file for entry in candidate.metadata.metadata_log]
        unused |= {candidate.metadata_location, *logged, *(manifest.manifest_path for manifest in manifests)}
        unused |= {snapshot.manifest_list} if snapshot else set()
    if used is Used.NOTHING:
        unused |= {file.file_path for file in data_files(candidate)}
    try:
        catalog.drop_table(candidate.name())
    except NoSuchTableError:
        return
    with suppress(ClientError, BotoCoreError):  # the rows are published: a file that stays is an orphan file
        catalog.delete_files(unused)
