"""What every job does around its move: read its arguments, open its session, and leave a row in `ops.batches`."""

import argparse
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog

from lakehouse import catalog, ops
from lakehouse.contract import Contract
from lakehouse.contract_loader import load_contracts
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names
from lakehouse.session import spark
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Counts = Mapping[str, int]
"""Fields of `ops.Attempt` that a move counted for one batch, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a move's job: what it works on and with."""

    move: Move
    names: Names
    contract: Contract
    batch_ids: tuple[str, ...]
    run_id: str
    catalog: Catalog
    spark: "SparkSession"

    def attempt(self, batch_ids: Iterable[str], work: Callable[[], Mapping[str, Counts]]) -> None:
        """Do the work on some batches and record how it ended, for each of them.

        Args:
            batch_ids: the batches that the work is about.
            work: returns what was counted, by batch id.
        """
        started_at = datetime.now(UTC)

        def record(state: str, counts: Mapping[str, Counts], error: str | None = None) -> None:
            attempts = [
                ops.Attempt(
                    dataset=self.contract.dataset,
                    batch_id=batch_id,
                    move=self.move,
                    state=state,
                    started_at=started_at,
                    finished_at=datetime.now(UTC),
                    run_id=self.run_id,
                    error=error,
                    **counts.get(batch_id, {}),
                )
                for batch_id in batch_ids
            ]
            ops.record(self.catalog, attempts, names=self.names)

        try:
            counts = work()
        except Exception as error:
            record(ops.FAILED, {}, error=f"{type(error).__name__}: {error}")
            raise
        record(ops.SUCCEEDED, counts)


def open_job(move: Move, arguments: list[str] | None = None) -> Job:
    """Open a job run from its arguments, `sys.argv`'s by default.

    Raises:
        LakehouseError: the dataset has no contract in force.
    """
    parser = argparse.ArgumentParser(description=f"Move batches of one dataset: {move}.")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--contracts", required=True, help="folder or s3:// prefix of the contracts in force")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--batch_ids", required=True, help="ids of planned batches, separated by commas")
    parser.add_argument("--JOB_RUN_ID", default="by-hand", help="Glue's id of this run")
    # Glue adds arguments of its own to every script.
    given, _ = parser.parse_known_args(arguments)
    contracts = {contract.dataset: contract for contract in load_contracts(given.contracts)}
    if given.dataset not in contracts:
        raise LakehouseError(
            f"{given.dataset}: no contract in force under {given.contracts}; "
            "`lakehouse tables apply` puts those of the contracts folder in force"
        )
    # Glue runs this script, so Glue's Spark is what it gets unless the environment names another engine.
    os.environ.setdefault("LAKEHOUSE_ENGINE", "glue")
    return Job(
        move=move,
        names=names_of(given.environment),
        contract=contracts[given.dataset],
        batch_ids=tuple(given.batch_ids.split(",")),
        run_id=given.JOB_RUN_ID,
        catalog=catalog.load(),
        spark=spark(),
    )
