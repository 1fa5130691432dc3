"""Base classes of all stacks: their names, their account and region, and how they write an ARN."""

from aws_cdk import CfnResource, Environment, Stack
from constructs import Construct

from lakehouse.names import Names


class AccountStack(Stack):
    """A stack of one account and region.

    Args:
        name: name of the stack.
        names: names of a deployment in the account and region of the stack.
    """

    def __init__(self, scope: Construct, name: str, *, names: Names, description: str) -> None:
        environment = Environment(account=names.account, region=names.region)
        super().__init__(scope, name, stack_name=name, env=environment, description=description)
        # Read once: each read of the CDK's properties is a message to its Node process, and `arn` is called often.
        self._partition, self._region, self._account = self.partition, self.region, self.account

    def arn(self, service: str, *, resource: str, region: str | None = None, account: str | None = None) -> str:
        """Return the ARN of a resource.

        Args:
            service: namespace of the service, such as `glue`.
            resource: last part of the ARN, such as `job/NAME`.
            region: None is the region of the stack; empty for a global service.
            account: None is the account of the stack; empty for S3.
        """
        region = self._region if region is None else region
        account = self._account if account is None else account
        return f"arn:{self._partition}:{service}:{region}:{account}:{resource}"

    def s3_arn(self, uri: str) -> str:
        """Return the ARN of a bucket or of objects in it, from `s3://bucket/key` or `bucket/key`."""
        return self.arn("s3", resource=uri.removeprefix("s3://"), region="", account="")

    def role_arn(self, name: str) -> str:
        """Return the ARN of a role of the account."""
        return self.arn("iam", resource=f"role/{name}", region="")


class LakehouseStack(AccountStack):
    """A stack of one deployment, e.g. `lakehouse-dev-storage`.

    Args:
        part: last part of the stack's name.
        names: names of the deployment, with its account and region.
    """

    def __init__(self, scope: Construct, part: str, *, names: Names, description: str) -> None:
        super().__init__(scope, names.stack(part), names=names, description=description)
        self.names = names
        self._last_change_of_lake: Construct | None = None

    def change_lake(self, change: CfnResource) -> None:
        """Make CloudFormation apply a change of Lake Formation's permissions or tags after the last one of this stack.

        Lake Formation refuses changes at the same time with ConcurrentModificationException.
        Source: github.com/aws-cloudformation/cloudformation-coverage-roadmap, issue 2432.
        """
        if self._last_change_of_lake is not None:
            change.node.add_dependency(self._last_change_of_lake)
        self._last_change_of_lake = change

    @property
    def changes_lake(self) -> bool:
        """Whether the stack changes Lake Formation's permissions or tags."""
        return self._last_change_of_lake is not None

    @property
    def trail_arn(self) -> str:
        """ARN of the CloudTrail trail that records the zones."""
        return self.arn("cloudtrail", resource=f"trail/{self.names.trail}")

    def glue_arn(self, resource: str) -> str:
        """Return the ARN of `catalog`, `database/NAME`, `table/DATABASE/NAME` or `job/NAME` in Glue."""
        return self.arn("glue", resource=resource)

    def glue_arns(self, *databases: str) -> list[str]:
        """Return the ARNs that Glue checks for a call on tables of some databases: catalog, databases, tables."""
        resources = ["catalog"]
        resources += [f"database/{database}" for database in databases]
        resources += [f"table/{database}/*" for database in databases]
        return [self.glue_arn(resource) for resource in resources]
