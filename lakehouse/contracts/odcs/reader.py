"""Read an ODCS document as a `Contract`, or return all its violations."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, Team

from lakehouse.contracts.model import Contract, SchemaPolicy
from lakehouse.contracts.odcs.columns import columns, key
from lakehouse.contracts.odcs.custom import choice, flag, settings
from lakehouse.contracts.odcs.document import parse
from lakehouse.contracts.odcs.partitions import partitions
from lakehouse.contracts.odcs.quality import quality
from lakehouse.contracts.odcs.references import Reference, references
from lakehouse.contracts.odcs.row_filter import row_filter
from lakehouse.contracts.odcs.service_levels import duration
from lakehouse.contracts.odcs.source import source
from lakehouse.contracts.odcs.terms import check_partitions, terms
from lakehouse.contracts.violations import Violation, Violations
from lakehouse.names import CANDIDATE
from lakehouse.sizes import Size

SUFFIX = ".odcs.yaml"
CUSTOM_PROPERTIES = (
    *("ingest", "ordering", "partitions", "deduplicate"),
    *("mayBeEmpty", "rowFilter", "schemaPolicy", "size"),
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class Reading(NamedTuple):
    """A document that was read: a contract without violations, or violations without a contract.

    Attributes:
        contract: None if there are violations.
        violations: all violations that could be found.
        references: foreign keys to other datasets.
    """

    contract: Contract | None
    violations: list[Violation]
    references: list[Reference]


def read(text: str, *, path: str) -> Reading:
    """Read one document.

    Args:
        text: YAML.
        path: path of the file; its folder is the domain and its name the dataset.
    """
    violations = Violations(path)
    document = parse(text, violations=violations)
    if document is None:
        return Reading(None, violations.found, [])
    _check_heading(document, violations=violations)
    if not document.schema_ or len(document.schema_) > 1:
        remedy = "a contract describes one dataset: split the file, or add the dataset"
        violations.add(("schema",), f"has {len(document.schema_ or [])} entries", remedy=remedy)
        return Reading(None, violations.found, [])
    contract = _contract(document, document.schema_[0], violations=violations)
    foreign_keys = references(document.schema_[0], violations=violations, path=("schema", 0))
    return Reading(None if violations.found else contract, violations.found, foreign_keys)


def _check_heading(document: OpenDataContractStandard, *, violations: Violations) -> None:
    if document.kind != "DataContract":
        violations.add(("kind",), f"is {document.kind!r}", remedy="write `kind: DataContract`")
    if not (document.apiVersion or "").startswith("v3."):
        violations.add(
            ("apiVersion",), f"is {document.apiVersion!r}", remedy="write the standard's version, e.g. v3.1.0"
        )
    if not _VERSION.fullmatch(document.version or ""):
        violations.add(("version",), f"is {document.version!r}", remedy='write major.minor.patch, e.g. "1.0.0"')
    for field in ("id", "status"):
        if not getattr(document, field):
            violations.add((field,), "is missing", remedy=f"the standard asks for `{field}`: add it")


def _contract(document: OpenDataContractStandard, dataset: SchemaObject, *, violations: Violations) -> Contract | None:
    at = ("schema", 0)
    _check_place(document.domain, dataset.name, violations=violations)
    settings(dataset.customProperties, known=(), violations=violations, path=(*at, "customProperties"))
    custom = settings(
        document.customProperties, known=CUSTOM_PROPERTIES, violations=violations, path=("customProperties",)
    )
    properties = dataset.properties or []
    if not properties:
        violations.add((*at, "properties"), "is empty", remedy="describe at least one column")
    columns_ = columns(properties, violations=violations, path=(*at, "properties"))
    key_ = key(properties, violations=violations, path=(*at, "properties"))
    source_ = source(
        document.servers, table=dataset.physicalName or dataset.name or "", columns=columns_, violations=violations
    )
    terms_ = terms(custom, columns=columns_, key=key_, source=source_, violations=violations)
    partitions_ = partitions(
        custom.get("partitions"),
        properties,
        types={column.name: column.type for column in columns_},
        violations=violations,
        path=(*at, "properties"),
    )
    check_partitions(partitions_, key=key_, terms=terms_, violations=violations)
    rules = quality(dataset.quality, properties, violations=violations, path=at)
    freshness, retention = (
        duration(document.slaProperties, name, violations=violations) for name in ("freshness", "retention")
    )
    may_be_empty = flag(custom.get("mayBeEmpty"), default=False, violations=violations)
    row_filter_ = row_filter(custom.get("rowFilter"), columns_, violations=violations)
    size = choice(custom["size"], Size, violations=violations) if "size" in custom else Size.SMALL
    policy: SchemaPolicy | None = SchemaPolicy.ADDITIVE
    if "schemaPolicy" in custom:
        policy = choice(custom["schemaPolicy"], SchemaPolicy, violations=violations)
    if source_ is None or size is None or policy is None:
        return None
    return Contract(
        path=violations.file,
        domain=document.domain or "",
        dataset=dataset.name or "",
        version=document.version or "",
        columns=columns_,
        key=key_,
        ingest=terms_.ingest,
        source=source_,
        ordering=terms_.ordering,
        deduplicate=terms_.deduplicate,
        partitions=tuple(partition for partition, _ in partitions_),
        may_be_empty=may_be_empty,
        row_filter=row_filter_,
        schema_policy=policy,
        size=size,
        quality=rules,
        freshness=freshness,
        retention=retention,
        owner=(document.team.name or "") if isinstance(document.team, Team) else "",
        description=" ".join((dataset.description or "").split()),
    )


def _check_place(domain: str | None, dataset: str | None, *, violations: Violations) -> None:
    for field, value in ((("domain",), domain), (("schema", 0, "name"), dataset)):
        if not _NAME.fullmatch(value or ""):
            remedy = "use at most 63 lower-case letters, digits and _, beginning with a letter"
            violations.add(field, f"{value!r} is no name", remedy=remedy)
        elif value and CANDIDATE in value:
            remedy = f"use another name: {CANDIDATE!r} is the mark of states of a table that are not published yet"
            violations.add(field, f"{value!r} is reserved", remedy=remedy)
    place = PurePosixPath(violations.file.replace("\\", "/"))
    if not place.name.endswith(SUFFIX):
        return  # the text is not from a file of that name
    if domain and place.parent.name != domain:
        remedy = f"move the file to {domain}/, or write `domain: {place.parent.name}`"
        violations.add(("domain",), f"is {domain!r}, but its folder is {place.parent.name!r}", remedy=remedy)
    if dataset and place.name != f"{dataset}{SUFFIX}":
        violations.add(
            ("schema", 0, "name"), f"is {dataset!r}", remedy=f"call the file {dataset}{SUFFIX}, or the dataset alike"
        )
