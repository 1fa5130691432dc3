"""The verbs of the command line. Each is imported when it is called, because imports take seconds and help must not."""

import ast
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from lakehouse.errors import LakehouseError

PLUGINS = "lakehouse.commands"
"""Entry-point group through which other folders of the repository add verbs."""

VERBS = {
    "ingest": "ingest:ingest",
    "pull": "pull:pull",
    "run": "run:run",
    "status": "status:status",
    "quarantine": "quarantine:quarantine",
    "reconcile": "reconcile:reconcile",
    "replay": "run:replay",
    "rerun": "run:rerun",
    "backfill": "backfill:backfill",
    "build": "build:build",
    "maintain": "maintain:maintain",
    "rollback": "snapshots.rollback:rollback",
    "tag": "snapshots.rollback:tag",
    "erase": "erase:erase",
    "diff": "snapshots.diff:diff",
    "query": "query:query",
    "releases": "query:releases",
    "lineage": "lineage:lineage",
    "access": "access:access",
    "cost": "cost:cost",
    "smoke": "smoke:smoke",
    "doctor": "doctor:doctor",
    "contracts": "contracts:app",
    "tables": "tables:app",
}
"""Module in `lakehouse.cli.commands` and object of each verb, in the order of the help."""


class Verbs(TyperGroup):
    """The group of all verbs; it lists them without importing them. Typer's types of commands are private."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            entry_point.name: TyperCommand(entry_point.name, help=text)
            for entry_point in _entry_points()
            if (text := _help(entry_point))
        }

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the verbs in the order of `VERBS`, those of other folders last."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the verb that is called, with what it does, and its arguments."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else None, rest


def _entry_points() -> list[EntryPoint]:
    ours = [EntryPoint(verb, f"lakehouse.cli.commands.{place}", PLUGINS) for verb, place in VERBS.items()]
    return [*ours, *entry_points(group=PLUGINS)]


def _load(verb: str) -> Any:
    """Return a verb with what it does.

    Raises:
        LakehouseError: its folder or a library is missing.
    """
    try:
        member = next(entry_point for entry_point in _entry_points() if entry_point.name == verb).load()
    except ModuleNotFoundError as error:
        if verb in VERBS:
            raise
        # The wheel lists the verbs of the repository's other folders but does not contain these folders.
        raise LakehouseError(
            f"`lakehouse {verb}` needs {error.name}: run it in a checkout of the repository, with "
            f"`pip install -e '.[{verb}]'`"
        ) from error
    if not isinstance(member, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        app.command(verb)(member)
        member = app
    command = typer.main.get_command(member)
    command.name = verb
    return command


def _help(entry_point: EntryPoint) -> str:
    """Return the text of a verb from its source: a function's docstring, or the `help` of a `typer.Typer`."""
    try:
        spec = find_spec(entry_point.module)
    except ModuleNotFoundError:
        return ""  # see `_load`
    assert spec is not None
    assert spec.origin is not None
    return next(_texts(ast.parse(Path(spec.origin).read_text()), entry_point.attr), "")


def _texts(module: ast.Module, name: str) -> Iterator[str]:
    for node in module.body:
        match node:
            case ast.FunctionDef(name=function) if function == name:
                yield ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call(keywords=keywords)) if variable == name:
                yield from (ast.literal_eval(keyword.value) for keyword in keywords if keyword.arg == "help")
