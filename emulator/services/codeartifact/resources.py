"""AWS::CodeArtifact::Domain, AWS::CodeArtifact::Repository."""

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType


def _create_domain(properties: Properties, name: str) -> tuple[str, Attributes]:
    key = {"encryptionKey": properties["EncryptionKey"]} if "EncryptionKey" in properties else {}
    domain = plugin.client("codeartifact").create_domain(domain=properties["DomainName"], **key)["domain"]
    return domain["arn"], {"Arn": domain["arn"], "Name": domain["name"], "Owner": domain["owner"]}


def _delete_domain(_: str, properties: Properties) -> None:
    plugin.client("codeartifact").delete_domain(domain=properties["DomainName"])


def _create_repository(properties: Properties, name: str) -> tuple[str, Attributes]:
    codeartifact = plugin.client("codeartifact")
    names = {"domain": properties["DomainName"], "repository": properties["RepositoryName"]}
    repository = codeartifact.create_repository(**names, description=properties.get("Description", ""))["repository"]
    for connection in properties.get("ExternalConnections", []):
        codeartifact.associate_external_connection(**names, externalConnection=connection)
    return repository["arn"], {"Arn": repository["arn"], "Name": repository["name"]}


def _delete_repository(_: str, properties: Properties) -> None:
    codeartifact = plugin.client("codeartifact")
    codeartifact.delete_repository(domain=properties["DomainName"], repository=properties["RepositoryName"])


TYPES = {
    "AWS::CodeArtifact::Domain": ResourceType(
        properties=frozenset({"DomainName", "EncryptionKey", "Tags"}), create=_create_domain, delete=_delete_domain
    ),
    "AWS::CodeArtifact::Repository": ResourceType(
        properties=frozenset({"DomainName", "RepositoryName", "Description", "ExternalConnections", "Tags"}),
        create=_create_repository,
        delete=_delete_repository,
    ),
}
