"""The command line of the emulator: `lakehouse-emulator`, or `python -m emulator`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.runtime import server_lifecycle
from emulator.runtime.environment import shell_commands

PROGRAM = "lakehouse-emulator"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words of the command line; None: those of this process.

    Returns:
        The exit code: 0; 1 if `status` finds no running emulator; 2 for an error, which is printed to stderr.
    """
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except EmulatorError as error:
        _print(f"error: {error}", to_stderr=True)
        return 2


def _up(options: argparse.Namespace) -> int:
    server = server_lifecycle.up(options.root, account=options.account, region=options.region)
    _print(f"AWS  {server.endpoint}  account {server.account}, {server.region}")
    _print(f"log  {server.log}")
    if server.authorization != "on":
        _print(f"NO REQUEST IS DENIED: LAKEHOUSE_LOCAL_AUTHORIZATION is {server.authorization}", to_stderr=True)
    _print(f'\nPoint this shell at it:  eval "$({PROGRAM} env --root {options.root})"')
    return 0


def _down(options: argparse.Namespace) -> int:
    stopped = server_lifecycle.down(options.root)
    _print(f"Stopped; the data stays in {options.root}" if stopped else "No emulator was running")
    return 0


def _status(options: argparse.Namespace) -> int:
    server = server_lifecycle.status(options.root)
    if server is not None:
        _print(f"up  {server.endpoint}  account {server.account}, {server.region}, process {server.pid}")
        _print(f"log {server.log}")
        return 0
    if server_lifecycle.crashed(options.root):
        log = server_lifecycle.log_file(options.root)
        _print(f"crashed  its log is {log}, which ends:\n{server_lifecycle.last_lines(log)}")
    else:
        _print(f"down  start it with: {PROGRAM} up --root {options.root}")
    return 1


def _env(options: argparse.Namespace) -> int:
    server = server_lifecycle.status(options.root)
    if server is None:
        raise EmulatorError(f"no emulator runs in {options.root}: start it with `{PROGRAM} up --root {options.root}`")
    _print("\n".join(shell_commands(server_lifecycle.environment(server))))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="AWS in one process on this machine, for development and tests."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    root = argparse.ArgumentParser(add_help=False)
    root.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        default=server_lifecycle.DEFAULT_ROOT,
        help="folder of state, S3 data and logs; one emulator each (default: %(default)s)",
    )

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        subparser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, parents=[root])
        subparser.set_defaults(command=command)
        return subparser

    up = add("up", _up, "start the emulator on a free port of 127.0.0.1, or find the one that runs")
    up.add_argument("--account", help=f"AWS account id to emulate; {server_lifecycle.ACCOUNT} for a new root")
    up.add_argument("--region", help=f"AWS region to emulate; {server_lifecycle.REGION} for a new root")
    add("down", _down, "stop the emulator and all processes that it started; its data stays")
    add("status", _status, "print whether the emulator runs, and its address; exit code 1 if it does not run")
    add("env", _env, "print the variables that point a shell at the emulator, for eval")
    return parser


def _print(text: str, *, to_stderr: bool = False) -> None:
    print(text, file=sys.stderr if to_stderr else sys.stdout)
