"""The plan of one DAG: a JSON file that Airflow reads in a millisecond.

Reading contracts takes a second and needs libraries that Airflow's constraints do not allow, so plans are written when
the DAGs are bundled (docs/decisions/150-dags-from-a-plan.md). This module and its imports need only the standard
library.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.operations.planner import PlannerInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset of a domain.

    Attributes:
        planner_input: its entry in the input of `lakehouse.operations.planner`.
        source: name of the source in its contract.
        source_type: `postgresql`, `mysql`, `s3`, `kinesis`, `kafka` or `api`.
        waits_for: datasets of the domain that its relationships refer to.
        contract: path of its contract.
        owner: owner in its contract.
        description: description in its contract.
    """

    planner_input: "PlannerInput"
    source: str
    source_type: str
    waits_for: tuple[str, ...]
    contract: str
    owner: str
    description: str

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.planner_input["dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One dbt model with the tests that run after it.

    Attributes:
        name: name of the model.
        datasets: datasets whose tables it reads directly.
        waits_for: models that the model or one of its tests reads.
        tests: tests that run after it; each test belongs to the last of the models that it reads.
        description: description of the model.
    """

    name: str
    datasets: tuple[str, ...]
    waits_for: tuple[str, ...]
    tests: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one DAG.

    Attributes:
        domain: domain of the contracts; for models of several domains, their names joined by `_and_`.
        every_minutes: interval of its runs; None starts it when a dataset or model that it reads has changed.
        datasets: datasets of the domain, by name.
        models: models that read only this domain, or all of the joined domains, each after those that it waits for.
        reads: datasets and models of other DAGs whose changes start it.
        violations: violations of the domain's contracts; a plan with violations contains nothing else.
    """

    domain: str
    every_minutes: int | None = None
    datasets: tuple[Dataset, ...] = ()
    models: tuple[Model, ...] = ()
    reads: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()


def save(plan: Plan, path: Path) -> None:
    """Write a plan to a file; equal plans give equal files."""
    path.write_text(json.dumps(asdict(plan), indent=1) + "\n")


def load(path: Path) -> Plan:
    """Read a plan that `save` wrote."""
    stored: Mapping[str, Any] = json.loads(path.read_text())
    datasets = tuple(Dataset(**_with_tuples(dataset)) for dataset in stored["datasets"])
    models = tuple(Model(**_with_tuples(model)) for model in stored["models"])
    return Plan(**_with_tuples({**stored, "datasets": datasets, "models": models}))


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
