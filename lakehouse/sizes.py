"""How large a dataset is, and what a run of its jobs gets for it (custom property `size`).

Glue scales a run's workers with its tasks, so the number here is the most that it takes, not what it pays for.

Source: AWS Glue developer guide, "Using auto scaling for AWS Glue" and "Worker types".
"""

from enum import StrEnum
from typing import Literal, TypedDict


class Size(StrEnum):
    """How much of a dataset arrives, or changes, between two runs."""

    SMALL = "small"
    """Up to some 10 GB."""
    MEDIUM = "medium"
    """Up to some 100 GB."""
    LARGE = "large"
    """More."""


class Capacity(TypedDict):
    """What a job run may take, in the words of Glue's API, of Step Functions and of Airflow's Glue operator alike.

    Two kinds of worker, because Glue's flexible execution knows no others: G.1X has 4 vCPU and 16 GB of memory, G.2X
    twice of both. `NumberOfWorkers` has the driver in it; a run that takes more than `Timeout` minutes is stopped.
    """

    WorkerType: Literal["G.1X", "G.2X"]
    NumberOfWorkers: int
    Timeout: int


CAPACITIES: dict[Size, Capacity] = {
    Size.SMALL: {"WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 60},
    Size.MEDIUM: {"WorkerType": "G.1X", "NumberOfWorkers": 8, "Timeout": 120},
    Size.LARGE: {"WorkerType": "G.2X", "NumberOfWorkers": 20, "Timeout": 240},
}
