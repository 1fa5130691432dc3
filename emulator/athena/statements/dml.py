"""UPDATE, DELETE and MERGE: each statement is turned into a plan of changes."""

from pyiceberg.schema import Schema
from sqlglot import exp

from emulator.athena.binding import qualified
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import StatementResult
from emulator.athena.runtime.statements import Delete, Merge, Update
from emulator.athena.statements.changes import Case, Plan, apply


def delete(statement: Delete, run: Run) -> StatementResult:
    """Run DELETE."""
    cases = [Case(kind="delete", condition=None, values={})]
    return apply(run, statement.name, lambda _: _plan("DELETE", statement.tree, cases))


def update(statement: Update, run: Run) -> StatementResult:
    """Run UPDATE."""
    cases = [Case(kind="update", condition=None, values=_assignments(statement.tree))]
    return apply(run, statement.name, lambda _: _plan("UPDATE", statement.tree, cases))


def _plan(verb: str, tree: exp.Update | exp.Delete, cases: list[Case]) -> Plan:
    target = _aliased(tree.this)
    where = tree.args.get("where")
    query = exp.Select().from_(target)
    if where is not None:
        query = query.where(where.this.copy())
    return Plan(verb=verb, alias=target.alias, query=query, cases=cases)


def _aliased(table: exp.Table) -> exp.Table:
    target = table.copy()
    if not target.alias:
        qualified.mark_unaliased(target)
        target.set("alias", exp.TableAlias(this=exp.to_identifier(target.name.lower())))
    target.args["alias"].set("this", exp.to_identifier(target.alias.lower()))
    return target


def _assignments(node: exp.Update) -> dict[str, exp.Expr]:
    """Return the assigned expressions of `SET column = value, ...` by column name."""
    values: dict[str, exp.Expr] = {}
    for part in node.expressions:
        if not isinstance(part, exp.EQ) or not isinstance(part.this, exp.Column):
            raise AthenaError("SYNTAX_ERROR", f"{position(part)}: SET needs column = value")
        name = part.this.name.lower()
        if name in values:
            raise AthenaError("DUPLICATE_COLUMN_NAME", f"{position(part)}: Column '{name}' is assigned twice")
        values[name] = part.expression
    return values


def merge(statement: Merge, run: Run) -> StatementResult:
    """Run MERGE."""
    tree = statement.tree
    target = _aliased(tree.this)

    def make_plan(schema: Schema) -> Plan:
        cases = [_case(when, schema) for when in tree.args["whens"].expressions]
        # A left join keeps every source row, with the target row that it matches or without one.
        query = exp.Select().from_(tree.args["using"].copy()).join(target, on=tree.args["on"].copy(), join_type="left")
        return Plan(verb="MERGE", alias=target.alias, query=query, cases=cases)

    return apply(run, statement.name, make_plan)


def _case(when: exp.When, schema: Schema) -> Case:
    then = when.args["then"]
    condition = when.args.get("condition")
    if isinstance(then, exp.Insert):
        return Case(kind="insert", condition=condition, values=_inserted(then, schema))
    if isinstance(then, exp.Update):
        return Case(kind="update", condition=condition, values=_assignments(then))
    if then.name.lower() == "delete":
        return Case(kind="delete", condition=condition, values={})
    raise not_supported(f"{position(when)}: THEN {then.name.upper()}")


def _inserted(then: exp.Insert, schema: Schema) -> dict[str, exp.Expr]:
    names = [column.name.lower() for column in then.this.expressions] if then.this else []
    names = names or [field.name.lower() for field in schema.fields]
    values = then.expression.expressions if isinstance(then.expression, exp.Tuple) else []
    if len(names) != len(values):
        raise AthenaError(
            "SYNTAX_ERROR", f"{position(then)}: MERGE INSERT has {len(names)} columns and {len(values)} values"
        )
    return dict(zip(names, values, strict=True))
