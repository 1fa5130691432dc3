"""Find the jobs that move data between zones, by the permissions of their roles."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.cost.assembly import Template
from lakehouse.names import Names, Zone
from reports.readable import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A job that moves data from one zone to another.

    Attributes:
        job: name of the job.
        reads: the zone that its role may read.
        writes: the zone that its role may write.
    """

    job: str
    reads: Zone
    writes: Zone


def flows(templates: Mapping[str, Template], *, names: Names) -> list[Flow]:
    """Return the flows of the jobs of a deployment, in the order of the zones."""
    job_flows = []
    for template in templates.values():
        resources = plain(template["Resources"])
        for resource in resources.values():
            if resource["Type"] == "AWS::Glue::Job":
                job = resource["Properties"]
                reads, writes = _zones(resources, job["Role"], names)
                pairs = [(source, target) for source in reads for target in writes if source is not target]
                job_flows += [Flow(job=job["Name"], reads=source, writes=target) for source, target in pairs]
    return sorted(job_flows, key=lambda flow: list(Zone).index(flow.writes))


def _zones(resources: Mapping[str, Any], role: str, names: Names) -> tuple[set[Zone], set[Zone]]:
    """Return the zones whose data a role may read, and those that it may write."""
    reads: set[Zone] = set()
    writes: set[Zone] = set()
    for statement in _statements(resources, role.removeprefix("${").removesuffix(".Arn}")):
        actions, objects = json.dumps(statement["Action"]), json.dumps(statement.get("Resource"))
        for zone in Zone:
            if re.search(rf"{re.escape(names.bucket(zone))}/(?!ops/)", objects):
                if "s3:PutObject" in actions:
                    writes.add(zone)
                elif "s3:GetObject" in actions:
                    reads.add(zone)
    return reads, writes


def _statements(resources: Mapping[str, Any], role: str) -> Iterator[dict[str, Any]]:
    """Yield the policy statements of a role, from its own policies and from separate policy resources."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if name == role:
            for policy in properties.get("Policies", []):
                yield from policy["PolicyDocument"]["Statement"]
        elif resource["Type"] == "AWS::IAM::Policy" and f"${{{role}}}" in properties["Roles"]:
            yield from properties["PolicyDocument"]["Statement"]
