"""The datasets that a verb is asked to work on."""

from collections.abc import Sequence
from difflib import get_close_matches

from lakehouse.cli.options import checked
from lakehouse.contract import Contract
from lakehouse.errors import LakehouseError


def chosen(directory: str, datasets: Sequence[str]) -> list[Contract]:
    """Contracts of the named datasets, or all when none is named.

    Raises:
        LakehouseError: the contracts have faults, or a dataset has no contract.
    """
    known = {contract.dataset: contract for contract in checked(directory)}
    for dataset in datasets:
        if dataset not in known:
            close = get_close_matches(dataset, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known)) or 'none'}"
            raise LakehouseError(f"no dataset {dataset} in {directory}: {hint}")
    return [known[dataset] for dataset in datasets or known]
