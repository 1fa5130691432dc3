"""What a domain's DAG is made of, as one JSON file that Airflow reads in a millisecond.

Reading contracts takes a second and libraries that Airflow's constraints do not allow, so it is done when the DAGs are
bundled (docs/decisions/150-dags-from-a-plan.md). This module and what it imports need the standard library alone.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.operations.planner import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset of a domain.

    Args:
        asked: what `lakehouse.operations.planner` is asked about it.
        source: name of where it comes from, as its contract has it.
        source_type: `postgresql`, `mysql`, `s3`, `kinesis`, `kafka` or `api`.
        waits_for: datasets of the domain that its relationships name.
        contract: its contract's path.
        owner: whom the contract names.
        description: of the dataset.
    """

    asked: "Asked"
    source: str
    source_type: str
    waits_for: tuple[str, ...]
    contract: str
    owner: str
    description: str

    @property
    def name(self) -> str:
        return self.asked["dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One dbt model with the tests that are run with it.

    Args:
        name: of the model.
        datasets: datasets whose tables it reads itself.
        waits_for: models that it reads or that a test of it reads.
        tests: run after it; each test belongs to the last of the models that it reads.
        description: of the model.
    """

    name: str
    datasets: tuple[str, ...]
    waits_for: tuple[str, ...]
    tests: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One DAG.

    Args:
        domain: of the contracts; for models of several domains their names joined by `_and_`.
        every_minutes: how often it looks for what waits; None starts it when a dataset or model that it reads changed.
        datasets: the domain's, by name.
        models: built from datasets of this domain alone, or of these domains together; in an order that dbt could take.
        reads: datasets and models of other DAGs, of which it is told.
        violations: of the domain's contracts; a plan with violations has nothing else.
    """

    domain: str
    every_minutes: int | None = None
    datasets: tuple[Dataset, ...] = ()
    models: tuple[Model, ...] = ()
    reads: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()


def save(plan: Plan, path: Path) -> None:
    """Write a plan; equal plans give equal files."""
    path.write_text(json.dumps(asdict(plan), indent=1) + "\n")


def load(path: Path) -> Plan:
    """Read a plan that `save` wrote."""
    read: Mapping[str, Any] = json.loads(path.read_text())
    datasets = tuple(Dataset(**_tuples(item)) for item in read["datasets"])
    models = tuple(Model(**_tuples(item)) for item in read["models"])
    return Plan(**_tuples({**read, "datasets": datasets, "models": models}))


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
