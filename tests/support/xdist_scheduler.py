"""Which tests one worker of pytest-xdist runs, one after the other: those that share a server, or what is synthesized.

A scheduler rather than `--dist loadgroup`: pytest-xdist 3.8 writes a test's group into an attribute that pytest 9.2 no
longer reads, so that the groups do nothing.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling


class Suites(LoadScopeScheduling):
    """Each suite is one worker's; unit tests, of which none has a server, are a worker's by the file."""

    def _split_scope(self, nodeid: str) -> str:
        return suite(nodeid)


def suite(nodeid: str) -> str:
    """The suite of a test: its file (unit), the moves or the services (integration), or its folder."""
    path = PurePosixPath(nodeid.partition("::")[0])
    name = path.parts[1]
    if name == "unit":
        return str(path)
    if name == "integration":
        return "moves" if path.parts[2:] == (path.name,) else "services"
    return name
