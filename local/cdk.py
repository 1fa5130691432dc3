"""The real CDK CLI, pointed at the embedded AWS."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulator.runtime.server_lifecycle import Server, child_environment, last_lines
from lakehouse.errors import LakehouseError

REPOSITORY = Path(__file__).resolve().parents[1]
# Nobody on a laptop needs change sets to review, a version report, or a notice fetched from the internet.
QUIET = ("--no-version-reporting", "--no-notices", "--ci")


def deploy(server: Server, *context: str) -> None:
    """Bootstrap the account and deploy every stack, logging to `logs/cdk-*.log` under the server's root.

    Synthesis and bootstrap need nothing of each other and run side by side.

    Args:
        server: the embedded AWS.
        context: in place of cdk.json's, e.g. `profile=standard`.

    Raises:
        LakehouseError: the CLI is not installed or failed; ends with the last lines of its log.
    """
    assembly = str(server.root / "cdk.out")
    with ThreadPoolExecutor(max_workers=2) as pool:
        chosen = [argument for item in context for argument in ("-c", item)]
        synthesis = pool.submit(run, server, "synth", "--quiet", "--output", assembly, *chosen)
        # From a folder without cdk.json, or the CLI would run the app for this too.
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
    """Run one CDK command, from the repository unless told otherwise.

    Returns:
        what it printed.

    Raises:
        LakehouseError: the CLI is not installed or failed; ends with the last lines of its log.
    """
    executable = shutil.which("cdk", path=str(REPOSITORY / "node_modules" / ".bin"))
    if executable is None:
        raise LakehouseError("the CDK CLI is not installed: run `make setup`")
    log = server.root / "logs" / f"cdk-{arguments[0]}.log"
    environment = child_environment(server) | {
        "CDK_DEFAULT_ACCOUNT": server.account,
        "CDK_DEFAULT_REGION": server.region,
        # The tests hold the templates to CloudFormation's rules; loading them is half of a synth's time.
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
