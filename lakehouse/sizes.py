"""Sizes of datasets (custom property `size`), and the workers and time-out of the job runs of each size.

The number of workers is a maximum: Glue scales a run with its tasks and bills only the workers that it uses.

Source: AWS Glue developer guide, "Using auto scaling for AWS Glue" and "Worker types".
"""

from enum import StrEnum
from typing import Literal, TypedDict


class Size(StrEnum):
    """Amount of data that arrives or changes between two runs of a dataset's jobs."""

    SMALL = "small"
    """Up to some 10 GB."""
    MEDIUM = "medium"
    """Up to some 100 GB."""
    LARGE = "large"
    """More."""


class Capacity(TypedDict):
    """Limits of a job run, with the names that the Glue API, Step Functions and Airflow's Glue operator use.

    Attributes:
        WorkerType: G.1X has 4 vCPU and 16 GB of memory, G.2X twice of both; flexible execution supports no other types.
        NumberOfWorkers: maximum number, including the driver.
        Timeout: minutes after which the run is stopped.
    """

    WorkerType: Literal["G.1X", "G.2X"]
    NumberOfWorkers: int
    Timeout: int


CAPACITIES: dict[Size, Capacity] = {
    Size.SMALL: {"WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 60},
    Size.MEDIUM: {"WorkerType": "G.1X", "NumberOfWorkers": 8, "Timeout": 120},
    Size.LARGE: {"WorkerType": "G.2X", "NumberOfWorkers": 20, "Timeout": 240},
}
