"""The datasets that a verb is asked to work on."""

from collections.abc import Sequence

from lakehouse.cli.options import checked
from lakehouse.contracts.model import Contract
from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError


def chosen(directory: str, datasets: Sequence[str]) -> list[Contract]:
    """Contracts of the named datasets, each once, or all when none is named.

    Raises:
        LakehouseError: the contracts have violations, or a dataset has no contract.
    """
    known = {contract.dataset: contract for contract in checked(directory)}
    for dataset in datasets:
        if dataset not in known:
            raise LakehouseError(f"no dataset {dataset!r} in {directory}: {one_of(dataset, sorted(known))}")
    return [known[dataset] for dataset in dict.fromkeys(datasets or known)]
