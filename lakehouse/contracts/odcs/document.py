"""Parse YAML text into the standard's model, and report unknown and repeated fields, which the model accepts."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from lakehouse.contracts.violations import Violations, YamlPath, one_of

_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
"""Types of unquoted values. Dates stay text, as the model needs; PyYAML refuses a file with a 30th of February."""


def _loader(base: Any) -> Any:
    def construct_object(self: Any, node: yaml.Node, deep: bool = False) -> Any:
        """Return most values at once; PyYAML keeps track of each text, in case it contained itself."""
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            return node.value
        return base.construct_object(self, node, deep)

    members = {"yaml_implicit_resolvers": _RESOLVERS, "construct_object": construct_object}
    return type(f"_{base.__name__}", (base,), members)


_PYTHON = _loader(yaml.SafeLoader)
_FAST = _loader(yaml.CSafeLoader) if yaml.__with_libyaml__ else _PYTHON
"""libyaml's parser takes a tenth of the time. PyYAML's wheels have it."""


def parse(text: str, *, violations: Violations) -> OpenDataContractStandard | None:
    """Read a document.

    Args:
        text: YAML.
        violations: collects the violations, from here on with the line of each path.

    Returns:
        The document, or None if violations prevent that it is read.
    """
    try:
        node, document = _loaded(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        violations.add((), f"is not YAML: {error.problem}", remedy=f"fix line {line}, or quote its value", line=line)
        return None
    except yaml.YAMLError as error:
        violations.add(
            (),
            f"is not YAML: {' '.join(str(error).split())}",
            remedy="save it as UTF-8 text without control characters",
        )
        return None
    if not isinstance(document, dict):
        violations.add((), "is no contract", remedy="begin with `apiVersion: v3.1.0` and `kind: DataContract`")
        return None
    assert node is not None  # because the document is a dict
    violations.line_of = lambda path: _line(node, path)
    for repeated, line in _repeated(node, ()):
        violations.add(
            repeated, "is given twice", remedy="keep one: YAML takes the last and drops the others", line=line
        )
    for path, known in _unknown(document, OpenDataContractStandard, ()):
        # `{physicalType: decimal(10,2)}` is two entries to YAML; the second is a key without a value.
        word = re.fullmatch(r"\w+", str(path[-1]))
        remedy = one_of(path[-1], known) if word else "within { } quote a value that has a comma"
        violations.add(path, "is no field of the Open Data Contract Standard", remedy=remedy)
    # The model refuses unknown fields at its root only; they are reported above at every level.
    known_fields = _fields(OpenDataContractStandard)
    try:
        return OpenDataContractStandard(**{key: document[key] for key in document if key in known_fields})
    except ValidationError as error:
        for detail in error.errors():
            violations.add(
                _existing(document, detail["loc"]),
                f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r}",
                remedy="correct the value, or quote it if it is text",
            )
        return None


def _loaded(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a document, which know their lines, and its values.

    Raises:
        yaml.YAMLError: it is not YAML. The error is that of the parser in Python, so that every machine says the same.
    """
    try:
        loader = _FAST(text)
        node = loader.get_single_node()
    except yaml.YAMLError:
        loader = _PYTHON(text)
        node = loader.get_single_node()
    return node, loader.construct_document(node) if node else None


def _existing(document: Any, path: YamlPath) -> YamlPath:
    """Return the steps that exist in the document; pydantic adds steps that name a member of a union."""
    steps: list[str | int] = []
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            continue
        steps.append(step)
    return tuple(steps)


def _line(node: yaml.Node, path: YamlPath) -> int:
    """Return the line of a value, or of its nearest parent that exists."""
    line: int = node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            entries = [(key, value) for key, value in node.value if key.value == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            entries = [(node.value[step], node.value[step])]
        else:
            break
        if not entries:
            break
        key, node = entries[-1]
        line = key.start_mark.line + 1
    return line


def _repeated(node: yaml.Node, path: YamlPath) -> Iterator[tuple[YamlPath, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*path, key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*path, index))


def _unknown(value: object, annotation: Any, path: YamlPath) -> Iterator[tuple[YamlPath, list[str]]]:
    """Yield the path of each key that no model in the annotation has, and the names that it could have."""
    known = _known(annotation)
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _unknown(element, annotation, (*path, index))
    elif isinstance(value, dict) and known:
        for key, inner in value.items():
            if key in known:
                yield from _unknown(inner, known[key], (*path, key))
            else:
                yield (*path, str(key)), sorted(known)


@cache
def _known(annotation: Any) -> dict[str, Any]:
    """Return the annotation of each field of the models in an annotation."""
    return {name: field for model in _models(annotation) for name, field in _fields(model).items()}


@cache
def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
