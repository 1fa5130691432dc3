"""Distribution of tests to the workers of pytest-xdist: tests that share a server run in one worker, one after another.

A scheduler is needed instead of `--dist loadgroup`: pytest-xdist 3.8 writes a test's group into an attribute that
pytest 9.2 no longer reads, so that groups have no effect.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling


class Suites(LoadScopeScheduling):
    """One worker runs a whole suite; unit tests, which have no server, are distributed by file."""

    def _split_scope(self, nodeid: str) -> str:
        return suite(nodeid)


def suite(nodeid: str) -> str:
    """Return the suite of a test: its file (unit tests), `moves` or `services` (integration), or its folder."""
    path = PurePosixPath(nodeid.partition("::")[0])
    folder, *below = path.parts[1:-1]
    if folder == "unit" or below[:1] == ["unit"]:
        return str(path)
    if folder == "integration":
        return "services" if below else "moves"
    return folder
