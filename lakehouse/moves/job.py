"""Run a move's job: read its arguments, open its session, and record each attempt.

An attempt is recorded in `ops.batches`, as lineage, as metrics, in the log and, if an endpoint is set, as a trace.
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
from lakehouse.batches.attempts import FAILED, SUCCEEDED, Attempt
from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.loader import load_active
from lakehouse.contracts.model import Contract
from lakehouse.engine import aws_retries, catalog, tracing
from lakehouse.engine.session import spark
from lakehouse.errors import LakehouseError
from lakehouse.lineage import endpoint, moves, record
from lakehouse.lineage.endpoint import Endpoint
from lakehouse.lineage.events import Parent
from lakehouse.moves import metrics
from lakehouse.moves.done import Done
from lakehouse.names import Move, Names, Zone
from lakehouse.quality import rules
from lakehouse.quality.results import Result, record_results
from lakehouse.quality.verdict import Verdict
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a move's job.

    Attributes:
        contract: the dataset.
        batch_ids: the batches to move.
        run_id: Glue's id of the run.
        parent: the run that started this one, for lineage.
        endpoint: receives the lineage events.
    """

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
        self, batch_ids: Iterable[str], work: Callable[[], Done], *, objects: Sequence[StageObject] = ()
    ) -> None:
        """Do the work on some batches and record the outcome for each of them.

        Args:
            batch_ids: the batches of the work.
            work: moves them and evaluates the quality rules.
            objects: stage objects that the work reads.
        """
        batch_ids = tuple(batch_ids)
        started_at = datetime.now(UTC)
        attempt = moves.Attempt(
            move=self.move,
            contract=self.contract,
            names=self.names,
            batch_ids=batch_ids,
            objects=objects,
            run_id=self.run_id,
            started_at=started_at,
            parent=self.parent,
        )
        started = moves.started(attempt)
        self.endpoint.send([started])

        def record_outcome(state: str, done: Done, *, error: str | None = None) -> None:
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
                    gate=done.gate,
                    **cast(dict[str, Any], done.counts.get(batch_id, {})),
                )
                for batch_id in batch_ids
            ]
            ended = moves.ended(
                attempt, at=outcomes[0].finished_at, counts=done.counts, results=done.results, error=error
            )
            with tracing.span("record"):
                # Last the rows of ops.batches: they decide which batches are due, so the rest must be recorded by then.
                record.append(self.catalog, [started, *ended], names=self.names, dataset=self.contract.dataset)
                attempts.record(self.catalog, outcomes, names=self.names)
            for batch_id in batch_ids:
                log.info("%s: %s %s: %s", batch_id, self.move, state, error or done.counts.get(batch_id, {}))
            self._publish_metrics(outcomes, done)
            self.endpoint.send(ended)

        try:
            attributes = {"dataset": self.contract.dataset, "batches": ",".join(batch_ids), "run": self.run_id}
            with self.logged_failures(batch_ids), tracing.span(self.move, **attributes):
                try:
                    done = work()
                    self._record_results(done.results)
                except Exception as error:
                    try:
                        record_outcome(FAILED, Done(), error=f"{type(error).__name__}: {error}")
                    except Exception as second_error:
                        # The job must raise the cause, not this second error.
                        log.error("%s: the failure could not be recorded: %s", batch_ids[0], second_error)
                    raise
                record_outcome(SUCCEEDED, done)
        finally:
            tracing.flush()

    @contextmanager
    def logged_failures(self, batch_ids: Iterable[str]) -> Iterator[None]:
        """Log an error that is raised within, with its batches and what to do."""
        try:
            yield
        except Exception as error:
            log.error(
                "%s: %s of batches %s failed: %s: %s. Committed data is kept; there are no partial writes. Fix the "
                "cause, then run `lakehouse run %s`.",
                *(self.contract.dataset, self.move, ", ".join(batch_ids), type(error).__name__, error),
                self.contract.dataset,
            )
            raise

    def _record_results(self, results: Mapping[str, Sequence[Result]]) -> None:
        record_results(
            self.catalog,
            results,
            names=self.names,
            dataset=self.contract.dataset,
            zone=Zone(self.move.split("_to_")[1]),
            run_id=self.run_id,
            at=datetime.now(UTC),
        )
        for batch_id, batch_results in results.items():
            for result in batch_results:
                if result.verdict is not Verdict.PASS:
                    log.warning("%s: rule %s %s: %s", batch_id, result.rule, result.verdict, result.reason)

    def _publish_metrics(self, outcomes: Sequence[Attempt], done: Done) -> None:
        """Publish the metrics of an attempt; if that fails, only log it.

        Data and ops tables are committed already. If the job failed now, it would run again without need, and an
        outage of CloudWatch would stop the dataset.
        """
        config = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})
        try:
            is_readable = outcomes[0].state == SUCCEEDED and not outcomes[0].is_blocked
            age = self._data_age() if is_readable else None
            measured = [
                one.measured for several in done.results.values() for one in several if one.rule == rules.CURRENT
            ]
            stale = int(measured[0]) if measured and measured[0] is not None else None
            client = boto3.client("cloudwatch", config=config)
            metrics.publish(client, outcomes, names=self.names, age=age, stale=stale, unexpected=done.unexpected)
        except (BotoCoreError, ClientError, LakehouseError) as error:
            log.error(
                "%s: %s for batch %s: %s. The data is committed; no rerun is needed.",
                *(self.contract.dataset, metrics.UNPUBLISHED_LOG, outcomes[0].batch_id, error),
            )

    def _data_age(self) -> timedelta | None:
        """Return the time since the newest data of this run arrived in stage; None unless it reached integration."""
        if self.move is not Move.RAW_TO_INTEGRATION:
            return None
        # Batches are numbered in the order of their planning, which is the order in which their objects arrived.
        batch = manifests.load(
            boto3.client("s3"), names=self.names, dataset=self.contract.dataset, batch_id=max(self.batch_ids)
        )
        return datetime.now(UTC) - batch.arrived_at


def open_job(move: Move, arguments: list[str] | None = None) -> Job:
    """Open a job run.

    Args:
        move: the move.
        arguments: arguments of the run; those of the process by default.

    Raises:
        LakehouseError: the dataset has no active contract.
    """
    parser = argparse.ArgumentParser(description=f"Move batches of one dataset: {move}.")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--contracts", required=True, help="folder or s3:// prefix of the active contracts")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--batch_ids", required=True, help="ids of planned batches, separated by commas")
    parser.add_argument("--JOB_RUN_ID", default="by-hand", help="Glue's id of this run")
    parser.add_argument("--parent", help="job/run that started this one")
    parser.add_argument("--lineage_endpoint", default=endpoint.endpoint_url(), help="URL that takes OpenLineage events")
    traces_endpoint = tracing.endpoint_from_environment()
    parser.add_argument("--traces_endpoint", default=traces_endpoint, help="URL that takes OTLP over HTTP")
    # Glue adds its own arguments to those of every script.
    options, _ = parser.parse_known_args(arguments)
    tracing.log_to_output(options.JOB_RUN_ID)
    aws_retries.configure()
    contract = load_active(options.contracts, dataset=options.dataset)
    # Glue runs this script, so it uses Glue's Spark unless the environment names another engine.
    os.environ.setdefault("LAKEHOUSE_ENGINE", "glue")
    names = names_of(options.environment)
    if options.traces_endpoint:
        tracing.export_to(options.traces_endpoint, move=move, names=names, run_id=options.JOB_RUN_ID)
    return Job(
        move=move,
        names=names,
        contract=contract,
        batch_ids=tuple(options.batch_ids.split(",")),
        run_id=options.JOB_RUN_ID,
        catalog=catalog.load(),
        spark=spark(),
        parent=Parent.of(options.parent),
        endpoint=Endpoint(options.lineage_endpoint),
    )
