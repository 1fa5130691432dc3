"""AWS::IAM::OIDCProvider."""

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType


def _create(properties: Properties, _: str) -> tuple[str, Attributes]:
    arn: str = plugin.client("iam").create_open_id_connect_provider(
        Url=properties["Url"],
        ClientIDList=properties.get("ClientIdList", []),
        ThumbprintList=properties.get("ThumbprintList", []),
        Tags=properties.get("Tags", []),
    )["OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def _delete(arn: str, _: Properties) -> None:
    plugin.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


TYPES = {
    "AWS::IAM::OIDCProvider": ResourceType(
        properties=frozenset({"Url", "ClientIdList", "ThumbprintList", "Tags"}), create=_create, delete=_delete
    )
}
