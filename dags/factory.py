"""Build a domain's DAG from its plan.

    source or pull -> arrival -> stage_to_raw -> raw_gate -> raw_to_integration -> integration_gate -> models -> release

Datasets run in parallel. An integration table waits for the datasets that the relationships of its contract refer to, a
model waits for the datasets and models that it reads. Tasks without new data are skipped, and so are tasks that depend
only on skipped ones. A failure stops only the tasks that depend on it.
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
from dags.releases import RELEASE, ReleaseOperator
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
    """Build the DAG of one plan.

    Args:
        domain: name of the plan.
        plans: folder of the plans.

    Raises:
        LakehouseError: the domain's contracts have violations; Airflow shows them as the import error of this DAG.
    """
    plan = load(plans / f"{domain}.json")
    if plan.violations:
        raise LakehouseError("\n".join(plan.violations))
    with DAG(
        dag_id=domain,
        description=f"Moves waiting data of {domain} from its sources to its curated tables",
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
        _add_release(dag, plan)
    return dag


def asset(name: str) -> Asset:
    """Return the asset of a dataset's or model's table; other DAGs can be scheduled on its changes."""
    return Asset(name=name, uri=f"lakehouse://tables/{name}", group="lakehouse")


def _schedule(plan: Plan) -> timedelta | AssetAny:
    if plan.every_minutes is not None:
        return timedelta(minutes=plan.every_minutes)
    return AssetAny(*(asset(name) for name in plan.reads))


def _add_datasets(dag: DAG, plan: Plan) -> None:
    sensors = {
        source: sources.ReplicationSensor(
            task_id=f"source-{source}",
            source=source,
            timeout=LONGEST_START,
            retries=breaker.FAILURES - 1,  # after the last retry fails, the breaker is open
        )
        for source in sorted({dataset.source for dataset in plan.datasets if dataset.source_type in sources.DATABASES})
    }
    for dataset in plan.datasets:
        arrival = _add_dataset(dataset)
        if dataset.source in sensors:
            sensors[dataset.source] >> arrival
    for dataset in plan.datasets:
        for other in dataset.waits_for:
            dag.get_task(f"{other}.{INTEGRATION_GATE}") >> dag.get_task(f"{dataset.name}.{Move.RAW_TO_INTEGRATION}")


def _add_dataset(dataset: Dataset) -> ArrivalOperator:
    """Add the tasks of one dataset; each task after the arrival skips itself if there is nothing to do."""
    with TaskGroup(dataset.name, tooltip=dataset.description):
        is_pulled = dataset.planner_input["pull_minutes"] > 0
        # If the pull is skipped because it is not due yet, data that waits in stage is still moved.
        rule = TriggerRule.NONE_FAILED if is_pulled else TriggerRule.ALL_SUCCESS
        arrival = ArrivalOperator(task_id=ARRIVAL, dataset=dataset, trigger_rule=rule)
        if is_pulled:
            PullOperator(task_id=PULL, dataset=dataset, retries=breaker.FAILURES - 1) >> arrival
        stage_to_raw = MoveOperator(
            task_id=Move.STAGE_TO_RAW, dataset=dataset, move=Move.STAGE_TO_RAW, batches_from=arrival.task_id
        )
        raw_gate = RawGateOperator(
            task_id=RAW_GATE, dataset=dataset, arrival=arrival.task_id, trigger_rule=TriggerRule.NONE_FAILED
        )
        raw_to_integration = MoveOperator(
            task_id=Move.RAW_TO_INTEGRATION,
            dataset=dataset,
            move=Move.RAW_TO_INTEGRATION,
            batches_from=raw_gate.task_id,
            trigger_rule=TriggerRule.NONE_FAILED,
        )
        integration_gate = IntegrationGateOperator(
            task_id=INTEGRATION_GATE,
            dataset=dataset,
            merge=raw_to_integration.task_id,
            trigger_rule=TriggerRule.NONE_FAILED,
            outlets=[asset(dataset.name)],
        )
        arrival >> stage_to_raw >> raw_gate >> raw_to_integration >> integration_gate
    return arrival


def _add_models(dag: DAG, plan: Plan) -> None:
    if not plan.models:
        return
    gates = {dataset.name: dag.get_task(f"{dataset.name}.{INTEGRATION_GATE}") for dataset in plan.datasets}
    tasks: dict[str, ModelOperator] = {}
    with TaskGroup(MODELS, tooltip="Dimensions, fact tables and marts, built by dbt"):
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
            # A model that reads nothing, such as a calendar, is built when any dataset of the domain has changed.
            upstream: Iterable[object] = [(gates | tasks)[name] for name in reads] or gates.values()
            list(upstream) >> tasks[model.name]


def _add_release(dag: DAG, plan: Plan) -> None:
    merges = [f"{dataset.name}.{Move.RAW_TO_INTEGRATION}" for dataset in plan.datasets]
    models = [f"{MODELS}.{model.name}" for model in plan.models]
    before = [
        dag.get_task(name) for name in (*(f"{dataset.name}.{INTEGRATION_GATE}" for dataset in plan.datasets), *models)
    ]
    before >> ReleaseOperator(task_id=RELEASE, changes=[*merges, *models]).as_teardown()


def _about(plan: Plan) -> str:
    rows = "".join(
        f"| {dataset.name} | {dataset.source} ({dataset.source_type}) | {dataset.owner} | {dataset.contract} |\n"
        for dataset in plan.datasets
    )
    return f"| dataset | source | owner | contract |\n|---|---|---|---|\n{rows}"
