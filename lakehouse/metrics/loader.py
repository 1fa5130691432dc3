"""Read semantic models and metrics from the dbt project, and check that they mean something.

dbt and MetricFlow read the same files. What MetricFlow has and this project does not support (cumulative metrics,
offsets, percentiles, validity by time) is refused by name, because a value without it would be another value.
"""

import re
from collections.abc import Callable, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import nodes
from lakehouse.metrics.check import check
from lakehouse.metrics.model import Aggregation, Dimension, Entity, Kind, Measure, Metric, Metrics, SemanticModel
from lakehouse.metrics.templates import render

FOLDER = "metrics"
_NAME = re.compile("[a-z](?:_?[a-z0-9])*")
"""MetricFlow separates parts of names by two underscores."""
_REFERENCE = re.compile(r"ref\(['\"](\w+)['\"]\)")
_META = {"unit", "format", "owner", "mart"}
_OPTIONAL = {"label", "description", "config"}

Node = Mapping[str, Any]
Part = TypeVar("Part", Entity, Dimension, Measure)


def load(project: Path) -> Metrics:
    """Return the semantic models and metrics of a dbt project.

    Args:
        project: folder of the dbt project; the files are in `metrics/`.

    Raises:
        LakehouseError: something is wrong or not supported; the message names file, place and remedy.
    """
    variables = yaml.safe_load((project / "dbt_project.yml").read_text()).get("vars", {})
    models: dict[str, SemanticModel] = {}
    metrics: dict[str, Metric] = {}
    for path in sorted((project / FOLDER).glob("*.yml")):
        content = yaml.safe_load(path.read_text()) or {}
        reader = _Reader(path, variables)
        reader.keys(content, "file", optional={"version", "semantic_models", "metrics"})
        for node in content.get("semantic_models", []):
            model = reader.model(node)
            reader.new(model.name, models, kind="semantic models")
            models[model.name] = model
        for node in content.get("metrics", []):
            metric = reader.metric(node)
            reader.new(metric.name, metrics, kind="metrics")
            metrics[metric.name] = metric
    loaded = Metrics(models=dict(sorted(models.items())), metrics=dict(sorted(metrics.items())))
    check(loaded, columns=_columns(project))
    return loaded


def _columns(project: Path) -> dict[str, list[str]]:
    """Return the columns of each model of the project."""
    return {node["name"]: [column["name"] for column in node["columns"]] for _, _, node in nodes(project)}


class _Reader:
    """Reads the nodes of one file."""

    def __init__(self, path: Path, variables: Mapping[str, Any]) -> None:
        self._path, self._variables = path, variables

    def keys(
        self, node: Any, where: str, *, required: Set[str] = frozenset(), optional: Set[str] = frozenset()
    ) -> Node:
        """Return a node that has all required keys and no key that is not known."""
        if not isinstance(node, Mapping):
            raise LakehouseError(f"{self._path}: {where}: {node!r} is no mapping: write {', '.join(sorted(required))}")
        known = {*required, *optional}
        for key in node:
            if key not in known:
                raise LakehouseError(f"{self._path}: {where} has {key!r}, which is not supported: {one_of(key, known)}")
        if missing := sorted(required - node.keys()):
            raise LakehouseError(f"{self._path}: {where} has no {missing[0]!r}: add it")
        return node

    def new(self, name: str, known: Mapping[str, object], *, kind: str) -> None:
        """Refuse a name that is there already."""
        if name in known:
            raise LakehouseError(f"{self._path}: there are two {kind} {name!r}: rename one of them")

    def name(self, node: Node, where: str) -> str:
        name = str(node["name"])
        if not _NAME.fullmatch(name):
            raise LakehouseError(
                f"{self._path}: {where}: {name!r} is no name: write lower-case letters, digits and single underscores"
            )
        return name

    def model(self, node: Any) -> SemanticModel:
        where = f"semantic model {_label(node)}"
        parts = {"defaults", "primary_entity", "entities", "dimensions", "measures"}
        self.keys(node, where, required={"name", "model"}, optional=parts | _OPTIONAL)
        reference = _REFERENCE.fullmatch(str(node["model"]).strip())
        if not reference:
            raise LakehouseError(f"{self._path}: {where}: model is {node['model']!r}: write ref('MODEL')")
        entities = self._parts("entities", node, where, read=self._entity)
        primary = next(
            (part["name"] for part in reversed(node.get("entities", [])) if part["type"] == "primary"),
            node.get("primary_entity"),
        )
        if not primary:
            raise LakehouseError(f"{self._path}: {where} has no primary entity: add primary_entity")
        dimensions = self._parts("dimensions", node, where, read=self._dimension)
        time = self.keys(node.get("defaults", {}), f"{where}: defaults", optional={"agg_time_dimension"})
        measure = partial(self._measure, time=str(time.get("agg_time_dimension", "")))
        measures = self._parts("measures", node, where, read=measure)
        return SemanticModel(
            name=self.name(node, where),
            table=reference[1],
            primary_entity=str(primary),
            entities=entities,
            dimensions=dimensions,
            measures=measures,
        )

    def _parts(self, kind: str, node: Node, model: str, *, read: Callable[[Any, str], Part]) -> dict[str, Part]:
        """Return the parts of a semantic model of one kind, by name."""
        parts: dict[str, Part] = {}
        for one in node.get(kind, []):
            part = read(one, model)
            self.new(part.name, parts, kind=f"{kind} of {model}")
            parts[part.name] = part
        return parts

    def _entity(self, node: Any, model: str) -> Entity:
        where = f"{model}: entity"
        self.keys(node, where, required={"name", "type"}, optional={"expr"} | _OPTIONAL)
        kinds = {"primary": True, "unique": True, "foreign": False}
        if node["type"] not in kinds:
            raise LakehouseError(f"{self._path}: {where} {node['name']}: type {one_of(node['type'], kinds)}")
        name = self.name(node, where)
        return Entity(name=name, is_unique=kinds[node["type"]], expr=self._sql(node, f"{where} {name}"))

    def _dimension(self, node: Any, model: str) -> Dimension:
        where = f"{model}: dimension"
        self.keys(node, where, required={"name", "type"}, optional={"expr", "type_params"} | _OPTIONAL)
        name = self.name(node, where)
        is_time = node["type"] == "time"
        if not is_time and node["type"] != "categorical":
            raise LakehouseError(f"{self._path}: {where} {name}: type {one_of(node['type'], ('time', 'categorical'))}")
        if is_time and node.get("type_params") != {"time_granularity": "day"}:
            raise LakehouseError(f"{self._path}: {where} {name}: write type_params: {{time_granularity: day}}")
        text = " ".join(str(node.get("description", "")).split())
        return Dimension(name=name, is_time=is_time, expr=self._sql(node, f"{where} {name}"), description=text)

    def _measure(self, node: Any, model: str, *, time: str) -> Measure:
        where = f"{model}: measure"
        self.keys(node, where, required={"name", "agg"}, optional={"expr", "agg_time_dimension"} | _OPTIONAL)
        name = self.name(node, where)
        if node["agg"] not in list(Aggregation):
            raise LakehouseError(
                f"{self._path}: {where} {name}: agg {node['agg']!r}: {one_of(node['agg'], Aggregation)}"
            )
        return Measure(
            name=name,
            aggregation=Aggregation(node["agg"]),
            expr=self._sql(node, f"{where} {name}"),
            time=str(node.get("agg_time_dimension", time)),
        )

    def _sql(self, node: Node, where: str) -> str:
        return render(str(node.get("expr", node["name"])), variables=self._variables, where=f"{self._path}: {where}")

    def metric(self, node: Any) -> Metric:
        where = f"metric {_label(node)}"
        self.keys(
            node, where, required={"name", "label", "description", "type", "type_params", "config"}, optional={"filter"}
        )
        if node["type"] not in list(Kind):
            raise LakehouseError(f"{self._path}: {where}: type {node['type']!r}: {one_of(node['type'], Kind)}")
        kind, given = Kind(node["type"]), node["type_params"]
        inputs: dict[str, str] = {}
        if kind is Kind.SIMPLE:
            expr = str(self.keys(given, where, required={"measure"})["measure"])
        elif kind is Kind.RATIO:
            self.keys(given, where, required={"numerator", "denominator"})
            expr, inputs = "", {part: str(given[part]) for part in ("numerator", "denominator")}
        else:
            expr = str(self.keys(given, where, required={"expr", "metrics"})["expr"])
            for part in given["metrics"]:
                named = {"name": part} if isinstance(part, str) else part
                self.keys(named, f"{where}: metrics", required={"name"}, optional={"alias"})
                inputs[str(named.get("alias", named["name"]))] = str(named["name"])
        meta = self.keys(node["config"].get("meta"), f"{where}: config.meta", required=_META - {"mart"}, optional=_META)
        filters = node.get("filter", [])
        return Metric(
            name=self.name(node, where),
            label=str(node["label"]),
            description=" ".join(str(node["description"]).split()),
            kind=kind,
            expr=expr,
            inputs=inputs,
            filters=tuple(
                render(str(one), variables=self._variables, where=f"{self._path}: {where}: filter")
                for one in (filters if isinstance(filters, list) else [filters])
            ),
            unit=str(meta["unit"]),
            format=str(meta["format"]),
            owner=str(meta["owner"]),
            mart=meta.get("mart"),
        )


def _label(node: Any) -> str:
    """Return what a message calls a node."""
    return str(node.get("name", "without a name")) if isinstance(node, Mapping) else repr(node)
