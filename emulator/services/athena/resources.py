"""AWS::Athena::NamedQuery."""

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked

MEMBERS = ("Name", "Database", "QueryString", "WorkGroup", "Description")


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    athena = plugin.client("athena")
    identifier: str = athena.create_named_query(**{"Name": name} | picked(properties, *MEMBERS))["NamedQueryId"]
    return identifier, {"NamedQueryId": identifier}


def _delete(identifier: str, _: Properties) -> None:
    plugin.client("athena").delete_named_query(NamedQueryId=identifier)


TYPES = {"AWS::Athena::NamedQuery": ResourceType(properties=frozenset(MEMBERS), create=_create, delete=_delete)}
