"""A domain's DAG from its plan.

    source or pull -> arrival -> stage_to_raw -> raw_gate -> raw_to_integration -> integration_gate -> models

Datasets run side by side. What waits for what: an integration table for those that its contract's relationships name,
a model for the datasets and models that it reads. What nothing new came for is skipped, and so is what only depends on
such; what failed stops what depends on it, and nothing else.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, Asset, AssetAny, TaskGroup, TriggerRule

from dags import breaker, notifications, sources
from dags.curated import ModelOperator
from dags.moves import (
    ARRIVAL,
    INTEGRATION_GATE,
    RAW_GATE,
    ArrivalOperator,
    IntegrationGateOperator,
    MoveOperator,
    RawGateOperator,
)
from dags.plan import Dataset, Plan, load
from dags.pulls import PULL, PullOperator
from lakehouse.errors import LakehouseError
from lakehouse.names import Move

PLANS = Path(__file__).resolve().parents[1] / "plans"
MODELS = "models"
DEFAULTS = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(minutes=15),
    "on_failure_callback": notifications.on_failure,
}
LONGEST_MODEL, LONGEST_START = timedelta(hours=1), timedelta(hours=1)


def domain_dag(domain: str, *, plans: Path = PLANS) -> DAG:
    """The DAG of one plan.

    Args:
        domain: the plan's name.
        plans: folder of the plans.

    Raises:
        LakehouseError: the domain's contracts have violations; Airflow shows them as this DAG's import error.
    """
    plan = load(plans / f"{domain}.json")
    if plan.violations:
        raise LakehouseError("\n".join(plan.violations))
    with DAG(
        dag_id=domain,
        description=f"What waits of {domain} moves on, from its sources to its curated tables",
        schedule=_schedule(plan),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=12),
        default_args=DEFAULTS,
        tags={"lakehouse"},
        doc_md=_about(plan),
    ) as dag:
        _add_datasets(dag, plan)
        _add_models(dag, plan)
    return dag


def asset(name: str) -> Asset:
    """What a dataset's or model's table is to other DAGs: they may be scheduled on its changes."""
    return Asset(name=name, uri=f"lakehouse://tables/{name}", group="lakehouse")


def _schedule(plan: Plan) -> timedelta | AssetAny:
    if plan.every_minutes is not None:
        return timedelta(minutes=plan.every_minutes)
    return AssetAny(*(asset(name) for name in plan.reads))


def _add_datasets(dag: DAG, plan: Plan) -> None:
    asked = {
        source: sources.ReplicationSensor(
            task_id=f"source-{source}",
            source=source,
            timeout=LONGEST_START,
            retries=breaker.FAILURES - 1,  # after so many more failures its breaker is open
        )
        for source in sorted({item.source for item in plan.datasets if item.source_type in sources.DATABASES})
    }
    for dataset in plan.datasets:
        arrival = _add_dataset(dataset)
        if dataset.source in asked:
            asked[dataset.source] >> arrival
    for dataset in plan.datasets:
        for other in dataset.waits_for:
            dag.get_task(f"{other}.{INTEGRATION_GATE}") >> dag.get_task(f"{dataset.name}.{Move.RAW_TO_INTEGRATION}")


def _add_dataset(dataset: Dataset) -> ArrivalOperator:
    """Tasks of one dataset; those after its arrival decide by themselves whether there is something to do."""
    with TaskGroup(dataset.name, tooltip=dataset.description):
        is_pulled = dataset.asked["pull_minutes"] > 0
        # What is in stage goes on while it is too early for the next pull.
        rule = TriggerRule.NONE_FAILED if is_pulled else TriggerRule.ALL_SUCCESS
        arrival = ArrivalOperator(task_id=ARRIVAL, dataset=dataset, trigger_rule=rule)
        if is_pulled:
            PullOperator(task_id=PULL, dataset=dataset, retries=breaker.FAILURES - 1) >> arrival
        load_ = MoveOperator(
            task_id=Move.STAGE_TO_RAW, dataset=dataset, move=Move.STAGE_TO_RAW, told_by=arrival.task_id
        )
        raw_gate = RawGateOperator(
            task_id=RAW_GATE, dataset=dataset, arrival=arrival.task_id, trigger_rule=TriggerRule.NONE_FAILED
        )
        merge = MoveOperator(
            task_id=Move.RAW_TO_INTEGRATION,
            dataset=dataset,
            move=Move.RAW_TO_INTEGRATION,
            told_by=raw_gate.task_id,
            trigger_rule=TriggerRule.NONE_FAILED,
        )
        integration_gate = IntegrationGateOperator(
            task_id=INTEGRATION_GATE,
            dataset=dataset,
            merge=merge.task_id,
            trigger_rule=TriggerRule.NONE_FAILED,
            outlets=[asset(dataset.name)],
        )
        arrival >> load_ >> raw_gate >> merge >> integration_gate
    return arrival


def _add_models(dag: DAG, plan: Plan) -> None:
    if not plan.models:
        return
    gates = {dataset.name: dag.get_task(f"{dataset.name}.{INTEGRATION_GATE}") for dataset in plan.datasets}
    tasks: dict[str, ModelOperator] = {}
    with TaskGroup(MODELS, tooltip="Dimensions, facts and marts, by dbt"):
        for model in plan.models:
            reads = [name for name in (*model.datasets, *model.waits_for) if name not in plan.reads]
            rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if reads else TriggerRule.ONE_SUCCESS
            tasks[model.name] = ModelOperator(
                task_id=model.name,
                model=model,
                trigger_rule=rule,
                execution_timeout=LONGEST_MODEL,
                outlets=[asset(model.name)],
                doc_md=model.description,
            )
            # One that reads nothing, as a calendar does, is built whenever anything of the domain changed.
            upstream: Iterable[object] = [(gates | tasks)[name] for name in reads] or gates.values()
            list(upstream) >> tasks[model.name]


def _about(plan: Plan) -> str:
    rows = "".join(
        f"| {dataset.name} | {dataset.source} ({dataset.source_type}) | {dataset.owner} | {dataset.contract} |\n"
        for dataset in plan.datasets
    )
    return f"| dataset | source | owner | contract |\n|---|---|---|---|\n{rows}"
