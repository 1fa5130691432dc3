"""Glue's Iceberg REST endpoint, which ministack answers without Lake Formation, is refused to all but root."""

from typing import Any

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime.lake_caller import is_enforced
from emulator.services.lakeformation import lake


def refuse_iceberg_rest() -> None:
    """Refuse the endpoint to every caller about whom Lake Formation decides."""
    answer = glue._handle_iceberg_rest

    def decided(*request: Any, **members: Any) -> Any:
        if lake.caller() is None or not is_enforced():
            return answer(*request, **members)
        message = "The emulator does not decide by Lake Formation on Glue's Iceberg REST endpoint: use Glue's API."
        return glue._iceberg_error(message, "ForbiddenException", 403)

    glue._handle_iceberg_rest = decided
