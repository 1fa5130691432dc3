"""Everything that Airflow needs to run the DAGs, in one folder: `python -m dags.bundle FOLDER`.

The folder is Airflow's DAGs folder: on a laptop as it is, on Amazon MWAA copied to the environment's bucket. In it are
one file and one plan a domain, this package, the library and the dbt project.
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


class Made(NamedTuple):
    """The plans of a bundle, and the models that no DAG builds, since a dataset of theirs has no faultless contract."""

    plans: list[Plan]
    left_out: list[str]


def bundle(folder: Path, *, contracts: str | Path, root: Path = REPOSITORY) -> Made:
    """Make the folder, in place of what it blocked.

    Args:
        folder: made if it is missing; refused if it holds something that no bundle has.
        contracts: folder of contracts.
        root: the repository.

    Returns:
        what is in it; plans with violations become import errors of their DAGs alone.

    Raises:
        LakehouseError: there are no contracts, dbt can't read its project, or the folder is somebody else's.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "plans").is_dir():
        raise LakehouseError(f"{folder} holds no bundle of DAGs and would be replaced: name another folder")
    models = dbt_graph.parse(root / "models", interpreter(root / "models"))
    made = plans(contracts, models)
    if not made:
        raise LakehouseError(f"{contracts}: no contracts, hence no DAGs")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "plans").mkdir(parents=True)
    for package in PACKAGES:
        shutil.copytree(root / package, folder / package, ignore=NOT_PACKED)
    (folder / ".airflowignore").write_text("".join(f"{package}/\n" for package in (*PACKAGES, "plans")))
    for plan in made:
        save(plan, folder / "plans" / f"{plan.domain}.json")
        (folder / f"{plan.domain}.py").write_text(DAG_FILE.format(domain=plan.domain))
    planned = {model.name for plan in made for model in plan.models}
    return Made(made, [model.name for model in models if model.name not in planned])


def main(arguments: Iterable[str] | None = None) -> int:
    """Make a bundle; exit code 1 if contracts have violations, though it is made."""
    parser = argparse.ArgumentParser(description="Make Airflow's DAGs folder from the contracts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contracts", default="contracts", help="folder of DOMAIN/DATASET.odcs.yaml files")
    given = parser.parse_args(None if arguments is None else list(arguments))
    try:
        made = bundle(given.folder, contracts=given.contracts)
    except LakehouseError as error:
        sys.exit(f"error {error}")
    violations = [violation for plan in made.plans for violation in plan.violations]
    sys.stdout.write(
        "".join(f"{plan.domain}: {len(plan.datasets)} datasets, {len(plan.models)} models\n" for plan in made.plans)
    )
    if made.left_out:
        sys.stderr.write(
            f"no DAG builds {', '.join(made.left_out)}: a dataset that they read has no contract, or a faulty one\n"
        )
    sys.stderr.write("".join(f"{violation}\n" for violation in violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
