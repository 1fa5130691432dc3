"""Lambda: functions run with credentials of their execution role."""

from ministack.core import lambda_runtime  # type: ignore[import-untyped]

from emulator.runtime import credentials, plugin
from emulator.runtime.plugin import Json


def register() -> None:
    """Replace the credentials of functions before ministack's Lambda imports them."""
    lambda_runtime.execution_credentials = execution_credentials


def execution_credentials(config: Json) -> dict[str, str]:
    """Return the variables with the credentials of a function's role; the session has the function's name."""
    role = config.get("Role", "")
    if role.startswith("arn:"):
        plugin.check_trust(role, "lambda.amazonaws.com")
        return credentials.credentials_of(role, config["FunctionName"]).environment()
    account, _ = lambda_runtime._account_region_from_function_config(config)
    return credentials.of_root(account).environment()
