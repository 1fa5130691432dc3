"""What all stacks of a deployment share: their names, their place, and how they write an ARN."""

from aws_cdk import Environment, Stack
from constructs import Construct

from lakehouse.names import Names


class LakehouseStack(Stack):
    """A stack of one deployment, e.g. `lakehouse-dev-storage`.

    Args:
        part: last part of the stack's name.
        names: names of the deployment, with the account and region that the stack goes to.
    """

    def __init__(self, scope: Construct, part: str, *, names: Names, description: str) -> None:
        name = names.stack(part)
        environment = Environment(account=names.account, region=names.region)
        super().__init__(scope, name, stack_name=name, env=environment, description=description)
        self.names = names

    def s3_arn(self, uri: str) -> str:
        """ARN of a bucket or of objects in it, from `s3://bucket/key`."""
        return f"arn:{self.partition}:s3:::{uri.removeprefix('s3://')}"

    def role_arn(self, name: str) -> str:
        """ARN of a role of the account."""
        return f"arn:{self.partition}:iam::{self.account}:role/{name}"

    @property
    def trail_arn(self) -> str:
        """ARN of CloudTrail's trail of the zones."""
        return f"arn:{self.partition}:cloudtrail:{self.region}:{self.account}:trail/{self.names.trail}"

    def glue_arn(self, resource: str) -> str:
        """ARN of `catalog`, `database/<name>` or `table/<database>/<name>` in Glue's catalog."""
        return f"arn:{self.partition}:glue:{self.region}:{self.account}:{resource}"

    def glue_arns(self, *databases: str) -> list[str]:
        """ARNs that a call on tables of some databases is checked against: catalog, databases and tables."""
        resources = ["catalog"]
        resources += [f"database/{database}" for database in databases]
        resources += [f"table/{database}/*" for database in databases]
        return [self.glue_arn(resource) for resource in resources]
