"""Bundle everything that Airflow needs to run the DAGs into one folder: `python -m dags.bundle FOLDER`.

A laptop uses the folder as Airflow's DAGs folder; for Amazon MWAA it is copied to the environment's bucket. It contains
one file and one plan per domain, this package, the library and the dbt project.
"""

import argparse
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dags import dbt_graph
from dags.plan import Plan, save
from dags.planning import plans
from lakehouse.errors import LakehouseError
from lakehouse.operations.dbt import interpreter

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("dags", "lakehouse", "models")
NOT_PACKED = shutil.ignore_patterns("__pycache__", "target", "logs")
DAG_FILE = '''"""Airflow DAG of {domain}; made from its contracts by `python -m dags.bundle`."""

from dags.factory import domain_dag

dag = domain_dag("{domain}")
'''


class Bundle(NamedTuple):
    """The plans of a bundle, and the models that no DAG builds because a dataset has no contract without violations."""

    plans: list[Plan]
    left_out: list[str]


def bundle(folder: Path, *, contracts: str | Path, root: Path = REPOSITORY) -> Bundle:
    """Write the folder; an earlier bundle in it is replaced.

    Args:
        folder: created if it is missing; refused if it is not empty and not a bundle.
        contracts: folder of contracts.
        root: the repository.

    Returns:
        the content of the bundle; a plan with violations becomes the import error of its own DAG only.

    Raises:
        LakehouseError: there are no contracts, dbt cannot parse its project, or the folder contains other files.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "plans").is_dir():
        raise LakehouseError(f"{folder} is not empty and not a bundle of DAGs; name another folder")
    models = dbt_graph.parse(root / "models", interpreter(root / "models"))
    domain_plans = plans(contracts, models)
    if not domain_plans:
        raise LakehouseError(f"{contracts}: no contracts, so there is no DAG to bundle; name the folder of contracts")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "plans").mkdir(parents=True)
    for package in PACKAGES:
        shutil.copytree(root / package, folder / package, ignore=NOT_PACKED)
    (folder / ".airflowignore").write_text("".join(f"{package}/\n" for package in (*PACKAGES, "plans")))
    for plan in domain_plans:
        save(plan, folder / "plans" / f"{plan.domain}.json")
        (folder / f"{plan.domain}.py").write_text(DAG_FILE.format(domain=plan.domain))
    planned = {model.name for plan in domain_plans for model in plan.models}
    return Bundle(domain_plans, [model.name for model in models if model.name not in planned])


def main(arguments: Iterable[str] | None = None) -> int:
    """Write a bundle; return exit code 1 if contracts have violations, although the bundle is written."""
    parser = argparse.ArgumentParser(description="Write Airflow's DAGs folder from the contracts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contracts", default="contracts", help="folder of DOMAIN/DATASET.odcs.yaml files")
    options = parser.parse_args(None if arguments is None else list(arguments))
    try:
        written = bundle(options.folder, contracts=options.contracts)
    except LakehouseError as error:
        sys.exit(f"error {error}")
    violations = [violation for plan in written.plans for violation in plan.violations]
    sys.stdout.write(
        "".join(f"{plan.domain}: {len(plan.datasets)} datasets, {len(plan.models)} models\n" for plan in written.plans)
    )
    if written.left_out:
        sys.stderr.write(
            f"no DAG builds {', '.join(written.left_out)}: a dataset that they read has no contract, or its domain has "
            "violations\n"
        )
    sys.stderr.write("".join(f"{violation}\n" for violation in violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
