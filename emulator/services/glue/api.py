"""Glue: the catalog with its optimistic lock, jobs that run, and optimizers and rulesets that are recorded."""

from functools import partial
from typing import Any

from ministack.services import glue as ministack_glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.services.glue import catalog, jobs, optimizers, partitions, permissions, processes, rulesets, runs
from emulator.services.lakeformation import engine
from emulator.services.lakeformation.guard import guarded
from emulator.services.lakeformation.iceberg_rest import refuse_iceberg_rest

OPERATIONS = [guarded(operation) for operation in plugin.marked_operations(catalog, optimizers, rulesets, jobs, runs)]
DECIDED = [guarded(operation) for operation in partitions.OPERATIONS]
"""Operations of ministack that Lake Formation decides about."""


def register() -> None:
    """Answer the operations, also where ministack calls them itself (CloudFormation), and fail interrupted runs."""
    plugin.operations("glue", [*OPERATIONS, *DECIDED, *plugin.marked_operations(engine)])
    refuse_iceberg_rest()
    plugin.resources("glue", permissions.resources)
    plugin.on_stop(processes.kill_all)
    for operation in OPERATIONS:
        # ministack has a function with the same name, after an underscore, for each operation.
        setattr(ministack_glue, f"_{operation.__name__}", partial(plugin.answer_or_refuse, operation))
    restore = ministack_glue.load_persisted_state

    def load(state: Any) -> None:
        restore(state)
        runs.fail_interrupted()

    ministack_glue.load_persisted_state = load
