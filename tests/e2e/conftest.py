"""One lakehouse for all e2e tests of a session, made by the demo's own steps."""

from tests.support.demo.finished_demo import aws, finished, started

__all__ = ["aws", "finished", "started"]
