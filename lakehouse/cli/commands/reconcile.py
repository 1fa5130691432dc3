"""`lakehouse reconcile`: compare a dataset with its source database, and repair what differs."""

from typing import Annotated

import typer

from lakehouse.cli.commands.run import finish, show_change
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import printable
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.operations.run import run_datasets
from lakehouse.reconciliation.compare import label
from lakehouse.reconciliation.reconciliation import Reconciliation, reconcile_dataset
from lakehouse.settings import names_of


def reconcile(
    dataset: Annotated[str, typer.Argument(help="Dataset that is compared with its table in PostgreSQL.")],
    repair: Annotated[bool, typer.Option("--repair", help="Load the keys that differ again.")] = False,
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds until keys that differ are compared again: changes on their way.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of keys to show.")] = 20,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Compare integration with its source database and show the keys that differ.

    The source computes counts and checksums of ranges of keys; only ranges that differ are read. The result is recorded
    in `ops.quality_results` as the rule `_equals_source`, and `lakehouse status` shows it. If nothing differs, all that
    blocked the dataset before (TRUNCATE, columns that were rewritten, rejected changes ...) is resolved.

    With `--repair`, the source's rows of these keys are written to stage, moved to integration, and compared again. A
    repair loses no change that is committed later.

    Needs the role `operator` and a network to the source. Exit code 0: integration equals the source; 1: keys differ;
    2: the call was refused.
    """
    (contract,), names, iceberg = contracts_of(contracts, [dataset]), names_of(env), catalog.load()
    result = reconcile_dataset(contract, names=names, catalog=iceberg, must_repair=repair, settle_s=settle)
    show(result, contract, limit=limit)
    if result.objects:
        ended = run_datasets([contract], names=names, catalog=iceberg, on_change=show_change)
        finish(ended, [contract], names=names, iceberg=iceberg)
        result = reconcile_dataset(contract, names=names, catalog=iceberg, settle_s=settle)
        show(result, contract, limit=limit)
    if result.comparison.different:
        raise typer.Exit(1)


def show(result: Reconciliation, contract: Contract, *, limit: int) -> None:
    """Print the result of a comparison."""
    comparison = result.comparison
    if comparison.not_compared:
        console.print(
            f"{contract.dataset}: not compared: {', '.join(comparison.not_compared)}; change their types in the "
            "contract, because until then nothing that blocks the dataset counts as resolved",
            style="yellow",
            markup=False,
        )
    if not comparison.different:
        console.print(
            f"{contract.dataset}: equal to {contract.source.schema}.{contract.source.table} in {contract.source.name}, "
            f"{comparison.rows:,} rows",
            markup=False,
        )
        return
    console.print(f"{contract.dataset}: {printable(comparison.summary(contract))}", style="red", markup=False)
    for difference in comparison.differences[:limit]:
        console.print(f"  {difference.kind}: {printable(label(contract, difference.key))}", markup=False)
    if len(comparison.differences) > limit:
        console.print(f"  the first {limit}; --limit shows more", style="dim")
    if result.objects:
        console.print(f"  written to stage for repair: {', '.join(result.objects)}", style="dim", markup=False)
    else:
        console.print(f"  run `lakehouse reconcile {contract.dataset} --repair`", markup=False)
