"""The real CDK CLI, which deploys to the emulator."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulator.runtime.server_lifecycle import Server, child_environment, last_lines
from lakehouse.errors import LakehouseError

REPOSITORY = Path(__file__).resolve().parents[1]
# The emulator needs no version report and no notices from the internet.
QUIET = ("--no-version-reporting", "--no-notices", "--ci")


def deploy(server: Server, *context: str) -> None:
    """Bootstrap the account and deploy every stack, logging to `logs/cdk-*.log` under the server's root.

    Synthesis and bootstrap are independent and run at the same time.

    Args:
        server: the emulator.
        context: values that replace those of cdk.json, for example `profile=standard`.

    Raises:
        LakehouseError: the CLI is not installed, or it failed; the message ends with the last lines of its log.
    """
    assembly = str(server.root / "cdk.out")
    with ThreadPoolExecutor(max_workers=2) as pool:
        context_options = [word for value in context for word in ("-c", value)]
        synthesis = pool.submit(run, server, "synth", "--quiet", "--output", assembly, *context_options)
        # From a folder without cdk.json, so that the CLI does not run the app.
        bootstrap = pool.submit(run, server, "bootstrap", f"aws://{server.account}/{server.region}", folder=server.root)
        synthesis.result()
        bootstrap.result()
    run(
        server,
        "deploy",
        "--all",
        *("--app", assembly, "--require-approval", "never", "--method", "direct", "--concurrency", "4"),
    )


def run(server: Server, *arguments: str, folder: Path = REPOSITORY) -> str:
    """Run one CDK command.

    Args:
        server: the emulator.
        arguments: the command and its options.
        folder: working directory.

    Returns:
        The output of the command.

    Raises:
        LakehouseError: the CLI is not installed, or it failed; the message ends with the last lines of its log.
    """
    executable = shutil.which("cdk", path=str(REPOSITORY / "node_modules" / ".bin"))
    if executable is None:
        raise LakehouseError("the CDK CLI is not installed: run `make setup`")
    log = server.root / "logs" / f"cdk-{arguments[0]}.log"
    environment = child_environment(server) | {
        "CDK_DEFAULT_ACCOUNT": server.account,
        "CDK_DEFAULT_REGION": server.region,
        # Tests check the templates against CloudFormation's rules; loading the rules takes half of the time of a synth.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    with log.open("w") as output:
        finished = subprocess.run(
            [executable, *arguments, *QUIET],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if finished.returncode:
        raise LakehouseError(
            f"`cdk {arguments[0]}` failed with exit code {finished.returncode}; its log is {log}, which ends:\n"
            f"{last_lines(log)}"
        )
    return log.read_text()
