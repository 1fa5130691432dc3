"""Installation of the resource types in ministack's CloudFormation; requests wait for the stack that they change."""

import asyncio
import contextvars
import re
from collections.abc import Callable, Coroutine
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import cloudformation  # type: ignore[import-untyped]
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks  # type: ignore[import-untyped]

from emulator import services
from emulator.runtime import checkpoint, plugin
from emulator.runtime.resource_type import Properties, ResourceType
from emulator.services.cloudformation import concurrent_grants, corrections, execution_roles, policies

WAIT_SECONDS = 20
NOT_FOUND = re.compile(r"NotFound|NoSuch|NotExist")


_started: contextvars.ContextVar[list[asyncio.Task[None]]] = contextvars.ContextVar("started")


def install() -> None:
    """Add the types, run them outside the event loop, and save the state while a deployment runs."""
    added: set[str] = set()
    for module in services.modules("resources"):
        for name, resource_type in module.TYPES.items():
            _add(name, resource_type)
            added.add(name)
    runs_on_worker_thread = stacks._runs_on_worker_thread
    # The types call this server: on its event loop they would wait for themselves.
    stacks._runs_on_worker_thread = lambda name: name in added or runs_on_worker_thread(name)
    policies.install()
    concurrent_grants.install()
    corrections.install()
    stacks._add_event = _saving(stacks._add_event)
    for module in (stacks, handlers, changesets):
        if hasattr(module, "_create_stack_task_in_region"):
            module._create_stack_task_in_region = _start
    cloudformation.handle_request = _waiting(cloudformation.handle_request)


def _add(name: str, resource_type: ResourceType) -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        _refuse_unknown(name, resource_type, properties)
        default_name = provisioners._physical_name(stack, logical_id, lowercase=True, max_len=63)
        return resource_type.create(properties, default_name)

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Any:
        _refuse_unknown(name, resource_type, new)
        assert resource_type.update is not None
        return physical_id, resource_type.update(physical_id, old, new)

    def delete(physical_id: str, properties: Properties) -> None:
        try:
            resource_type.delete(physical_id, properties)
        except ClientError as error:
            if not NOT_FOUND.search(error.response["Error"]["Code"]):
                raise

    handler: dict[str, Callable[..., Any]] = {"create": create, "delete": delete}
    replacing = resource_type.replacing
    if resource_type.update is None:
        replacing = resource_type.properties
    else:
        handler["update"] = update
    provisioners._RESOURCE_HANDLERS[name] = handler
    provisioners._REPLACING_PROPERTIES[name] = tuple(sorted(replacing))


def _refuse_unknown(name: str, resource_type: ResourceType, properties: Properties) -> None:
    unknown = sorted(properties.keys() - resource_type.properties)
    if unknown:
        raise ValueError(f"{name}: the emulator does not support the property {', '.join(unknown)}")


def _saving(add_event: Callable[..., None]) -> Callable[..., None]:
    def added(*arguments: Any, **options: Any) -> None:
        add_event(*arguments, **options)
        checkpoint.mark_all()

    return added


def _start(work: Coroutine[Any, Any, None], stack: Any, stack_id: str | None = None) -> None:
    with stacks._stack_region_context(stack, stack_id), plugin.acting_as(execution_roles.caller(stack["StackName"])):
        _started.get().append(asyncio.get_running_loop().create_task(work))


def _waiting(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a change of a stack when it is complete, within limits: the CDK CLI looks at once, then every 5 s."""

    async def answer(*request: Any) -> Any:
        started: list[asyncio.Task[None]] = []
        _started.set(started)
        execution_roles.remember(request[3], request[4])
        response = await handle(*request)
        if started:
            await asyncio.wait(started, timeout=WAIT_SECONDS)
        return response

    return answer
