"""Split the datasets of a domain into parts, so that no stack reaches a limit of CloudFormation.

A dataset stays in its part while other datasets come and go. Only if a part gets too large, the number of parts
doubles: then each part keeps half of its datasets and hands the others to one new part
(docs/decisions/213-stacks-by-domain.md).
"""

from collections.abc import Iterable
from zlib import crc32

from lakehouse.contracts.model import Contract

DATASETS_A_PART = 56
"""A dataset has at most 5 alarms and 2 rulesets: 56 datasets stay below 400 resources and 800 KB."""


def parts(contracts: Iterable[Contract]) -> dict[int, list[Contract]]:
    """Return the datasets of each part that has any, by the number of the part, from 0; datasets by their names."""
    ordered = sorted(contracts, key=lambda contract: contract.dataset)
    count = 1
    while len(split := _split(ordered, count)) and max(map(len, split.values())) > DATASETS_A_PART:
        count *= 2
    return dict(sorted(split.items()))


def _split(contracts: Iterable[Contract], count: int) -> dict[int, list[Contract]]:
    split: dict[int, list[Contract]] = {}
    for contract in contracts:
        # Not hash(), which differs from process to process.
        split.setdefault(crc32(contract.dataset.encode()) % count, []).append(contract)
    return split
