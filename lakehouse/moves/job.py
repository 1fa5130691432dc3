"""What every job does around its move: read its arguments, open its session, and tell what became of each attempt.

An attempt leaves a row in `ops.batches`, its lineage, metrics, a line in the log and, where asked for, a trace.
"""

import argparse
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.attempts import Attempt
from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.loader import load_contracts
from lakehouse.contracts.model import Contract
from lakehouse.engine import aws_retries, catalog, tracing
from lakehouse.engine.session import spark
from lakehouse.errors import LakehouseError
from lakehouse.lineage import endpoint, record
from lakehouse.lineage import moves as lineage
from lakehouse.lineage.endpoint import Endpoint
from lakehouse.lineage.events import Parent
from lakehouse.moves import metrics
from lakehouse.names import Move, Names, Zone
from lakehouse.quality import results as quality
from lakehouse.quality.results import Result, gate
from lakehouse.quality.verdict import Verdict
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

Counts = Mapping[str, int]
"""Fields of `Attempt` that a move counted for one batch, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a move's job: what it works on and with, what started it, and who is told of its lineage."""

    move: Move
    names: Names
    contract: Contract
    batch_ids: tuple[str, ...]
    run_id: str
    catalog: Catalog
    spark: "SparkSession"
    parent: Parent | None = None
    endpoint: Endpoint = field(default_factory=partial(Endpoint, None))

    def attempt(
        self,
        batch_ids: Iterable[str],
        work: Callable[[], Mapping[str, Counts]],
        *,
        judge: Callable[[Mapping[str, Counts]], Mapping[str, Sequence[Result]]],
        objects: Sequence[StageObject] = (),
    ) -> None:
        """Do the work on some batches and record how it ended, for each of them.

        Args:
            batch_ids: the batches that the work is about.
            work: returns what was counted, by batch id.
            judge: evaluates the quality rules after it, on what was counted; results by batch id.
            objects: stage objects that the work reads.
        """
        batch_ids = tuple(batch_ids)
        started_at = datetime.now(UTC)
        results: Mapping[str, Sequence[Result]] = {}
        attempt = lineage.Attempt(
            move=self.move,
            contract=self.contract,
            names=self.names,
            batch_ids=batch_ids,
            objects=objects,
            run_id=self.run_id,
            started_at=started_at,
            parent=self.parent,
        )
        started = lineage.started(attempt)
        self.endpoint.send([started])

        def tell(state: str, counts: Mapping[str, Counts], error: str | None = None) -> None:
            outcomes = [
                Attempt(
                    dataset=self.contract.dataset,
                    batch_id=batch_id,
                    move=self.move,
                    state=state,
                    started_at=started_at,
                    finished_at=datetime.now(UTC),
                    run_id=self.run_id,
                    error=error,
                    gate=gate(results[batch_id]) if batch_id in results else None,
                    **cast(dict[str, Any], counts.get(batch_id, {})),
                )
                for batch_id in batch_ids
            ]
            ended = lineage.ended(attempt, at=outcomes[0].finished_at, counts=counts, results=results, error=error)
            with tracing.span("record"):
                # What is due follows from ops.batches: with its row, last, the record is whole.
                record.append(self.catalog, [started, *ended], names=self.names, dataset=self.contract.dataset)
                attempts.record(self.catalog, outcomes, names=self.names)
            for outcome in outcomes:
                log.info("%s: %s %s: %s", outcome.batch_id, self.move, state, error or counts.get(outcome.batch_id, {}))
            self._publish(outcomes)
            self.endpoint.send(ended)

        try:
            about = {"dataset": self.contract.dataset, "batches": ",".join(batch_ids), "run": self.run_id}
            with self.explaining(batch_ids), tracing.span(self.move, **about):
                try:
                    counts = work()
                    with tracing.span("judge"):
                        results = judge(counts)
                        self._record_results(results)
                except Exception as error:
                    try:
                        tell(attempts.FAILED, {}, error=f"{type(error).__name__}: {error}")
                    except Exception as unrecorded:
                        # The cause is what matters, and who could not be told of it is in the log.
                        log.error("%s: that it failed could not be recorded: %s", batch_ids[0], unrecorded)
                    raise
                tell(attempts.SUCCEEDED, counts)
        finally:
            tracing.flush()

    @contextmanager
    def explaining(self, batch_ids: Iterable[str]) -> Iterator[None]:
        """Log what fails within, of which batches, and what to do."""
        try:
            yield
        except Exception as error:
            log.error(
                "%s: %s of batches %s failed: %s: %s; what it committed stays and nothing is half there: run it again "
                "with `lakehouse run %s` when the cause is gone",
                *(self.contract.dataset, self.move, ", ".join(batch_ids), type(error).__name__, error),
                self.contract.dataset,
            )
            raise

    def _record_results(self, results: Mapping[str, Sequence[Result]]) -> None:
        quality.record(
            self.catalog,
            results,
            names=self.names,
            dataset=self.contract.dataset,
            zone=Zone(self.move.split("_to_")[1]),
            run_id=self.run_id,
            at=datetime.now(UTC),
        )
        for batch_id, of_batch in results.items():
            for result in of_batch:
                if result.verdict is not Verdict.PASS:
                    log.warning("%s: rule %s %s: %s", batch_id, result.rule, result.verdict, result.reason)

    def _publish(self, outcomes: Sequence[Attempt]) -> None:
        """Publish an attempt's metrics; if that fails, say so and go on.

        What the metrics tell is committed, data and ops alike: a job that fails now would be run again for nothing,
        and its dataset would stop because CloudWatch did.
        """
        config = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})
        try:
            age = self._age() if outcomes[0].state == attempts.SUCCEEDED else None
            metrics.publish(boto3.client("cloudwatch", config=config), outcomes, names=self.names, age=age)
        except (BotoCoreError, ClientError, LakehouseError) as error:
            log.error("%s: %s of %s: %s", self.contract.dataset, metrics.UNPUBLISHED_LOG, outcomes[0].batch_id, error)

    def _age(self) -> timedelta | None:
        """How old the newest data is that this run brought to integration, from its arrival in stage."""
        if self.move is not Move.RAW_TO_INTEGRATION:
            return None
        # Batches are numbered as they are planned, which is as their objects arrive.
        batch = manifests.load(
            boto3.client("s3"), names=self.names, dataset=self.contract.dataset, batch_id=max(self.batch_ids)
        )
        return datetime.now(UTC) - batch.arrived_at


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
    parser.add_argument("--parent", help="job/run that started this one")
    parser.add_argument("--lineage_endpoint", default=endpoint.endpoint_url(), help="URL that takes OpenLineage events")
    parser.add_argument(
        "--traces_endpoint", default=tracing.endpoint_from_environment(), help="URL that takes OTLP over HTTP"
    )
    # Glue adds arguments of its own to every script.
    given, _ = parser.parse_known_args(arguments)
    tracing.log_to_output(given.JOB_RUN_ID)
    aws_retries.configure()
    contracts = {contract.dataset: contract for contract in load_contracts(given.contracts)}
    if given.dataset not in contracts:
        raise LakehouseError(
            f"{given.dataset}: no contract in force under {given.contracts}; "
            "`lakehouse tables apply` puts those of the contracts folder in force"
        )
    # Glue runs this script, so Glue's Spark is what it gets unless the environment names another engine.
    os.environ.setdefault("LAKEHOUSE_ENGINE", "glue")
    names = names_of(given.environment)
    if given.traces_endpoint:
        tracing.export_to(given.traces_endpoint, move=move, names=names, run_id=given.JOB_RUN_ID)
    return Job(
        move=move,
        names=names,
        contract=contracts[given.dataset],
        batch_ids=tuple(given.batch_ids.split(",")),
        run_id=given.JOB_RUN_ID,
        catalog=catalog.load(),
        spark=spark(),
        parent=Parent.of(given.parent),
        endpoint=Endpoint(given.lineage_endpoint),
    )
