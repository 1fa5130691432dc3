"""Credentials of registered data locations, which Lake Formation gives to Athena for a query of a caller.

The caller needs `lakeformation:GetDataAccess` and no permission on the bucket. Whether the caller may see the data is
decided by Lake Formation's permissions.

Source: AWS Lake Formation developer guide, "Credential vending", "Requirements for roles used to register locations".
"""

from emulator.runtime import plugin
from emulator.runtime.plugin import Principal, Request
from emulator.services.lakeformation.store import locations

ATHENA = "athena.amazonaws.com"
SESSION = "AWSLF-00-AT"


def vended(principal: Principal, request: Request) -> Principal | None:
    """Return the session of the location's role for a request of Athena in a registered location; None for others."""
    if principal.session.get("Via") != ATHENA or request.service != "s3":
        return None
    bucket, _, key = request.path.lstrip("/").partition("/")
    place = key or request.query.get("prefix", [""])[0]
    for arn, entry in locations.items():
        of, _, folder = arn.rpartition(":::")[2].partition("/")
        role = entry.get("RoleArn")
        if of == bucket and role and (not folder or f"{place}/".startswith(f"{folder.rstrip('/')}/")):
            return plugin.role_session(role, SESSION)
    return None
