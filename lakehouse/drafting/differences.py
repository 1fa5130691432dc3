"""What a source has that its contracts lack: tables, columns, and types that changed."""

from collections.abc import Iterator, Sequence

from lakehouse.contracts.model import Contract
from lakehouse.drafting.document import Draft
from lakehouse.drafting.postgres import Drafted, of_source


def database_differences(drafted: Drafted, contracts: Sequence[Contract], *, source: str) -> Iterator[str]:
    """Yield the differences of a database.

    Args:
        drafted: drafts of its tables, made without regard to the contracts.
        contracts: the contracts that there are.
        source: name of the source.
    """
    known = of_source(contracts, source)
    for place, draft in drafted.drafts.items():
        if place in known:
            yield from _columns(draft, known[place], with_types=True)
        else:
            yield f"{'.'.join(place)}: has no contract"


def file_differences(draft: Draft, contract: Contract) -> Iterator[str]:
    """Yield the columns of files that a contract lacks.

    Types are not compared, because a contract knows more than files tell; the reasons of rejected records show them.
    """
    yield from _columns(draft, contract, with_types=False)


def _columns(draft: Draft, contract: Contract, *, with_types: bool) -> Iterator[str]:
    known = {column.source_name: column for column in contract.columns}
    for column in draft.contract().columns:
        if column.source_name not in known:
            yield f"{contract.dataset}: has no column {column.source_name}, a {column.type}"
        elif with_types and known[column.source_name].type != column.type:
            was = known[column.source_name].type
            yield f"{contract.dataset}: column {column.source_name} is {was}, and {column.type} in the source"
