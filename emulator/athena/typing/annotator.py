"""The annotator that gives each expression of a query its type, with Trino's rule for common types."""

from sqlglot import exp
from sqlglot.expressions import DataType, DType
from sqlglot.optimizer.annotate_types import TypeAnnotator

from emulator.athena.runtime import sql_types
from emulator.athena.typing import operators
from emulator.athena.typing.signature import type_of


class Annotator(TypeAnnotator):
    """sqlglot's walk over scopes and columns; the constructor takes the rule for each kind of expression."""

    def _maybe_coerce(self, type1: DataType | DType, type2: DataType | DType) -> DataType:
        left, right = (dt if isinstance(dt, DataType) else sql_types.typed(dt) for dt in (type1, type2))
        return operators.common_type(left, right, place="line 1:1", what="Columns of a set operation or VALUES")

    def annotate_lambda_body(self, node: exp.Expr, parameters: dict[str, DataType]) -> DataType:
        """Annotate a lambda's body again, with types for its parameters, and return the body's type."""
        for part in node.walk():
            self._visited.pop(id(part), None)
        for part in node.find_all(exp.Identifier):
            is_field = isinstance(part.parent, exp.Dot) and part.arg_key == "expression"
            if part.name in parameters and not is_field and not isinstance(part.parent, exp.ColumnDef):
                self._set_type(part, parameters[part.name])
        self.annotate_expression(node)
        return type_of(node)
