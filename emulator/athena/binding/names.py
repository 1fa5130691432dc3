"""Names in FROM: common table expressions, tables, views, metadata tables and the information schema."""

from sqlglot import exp

from emulator.athena.binding import information_schema, metadata_tables, qualified, time_travel
from emulator.athena.binding.relations import HiveRelation, Relation, table_relation
from emulator.athena.binding.restricted import restrict
from emulator.athena.parsing.parse_query import query
from emulator.athena.runtime.errors import AthenaError, insufficient, not_supported, position
from emulator.athena.runtime.run import Run
from emulator.athena.tables import access, catalog, views

_CATALOGS = {"", catalog.CATALOG, "hive"}


class Resolver:
    """Resolution of a query's tables to relations, each with a name of its own in the tree.

    Args:
        run: the statement's run.
        within: database and name of the view that the query defines.

    Attributes:
        relations: the relations by their names in the tree.
    """

    def __init__(self, run: Run, *, within: tuple[str, str] | None = None) -> None:
        self.relations: dict[str, Relation] = {}
        self._run = run
        self._views = [within] if within else []

    def resolve(self, node: exp.Expr, *, database: str, ctes: frozenset[str] = frozenset()) -> None:
        """Replace every table under a node.

        Args:
            node: a query, or part of one.
            database: database of names without one.
            ctes: names of the visible common table expressions.

        Raises:
            AthenaError: a table or schema does not exist, or the emulator does not read tables of its kind.
        """
        with_ = node.args.get("with_")
        if with_ is not None:
            for cte in with_.expressions:
                visible = ctes | {cte.alias.lower()} if with_.recursive else ctes
                self.resolve(cte.this, database=database, ctes=visible)
                ctes |= {cte.alias.lower()}
        if isinstance(node, exp.Table):
            self._table(node, database=database, ctes=ctes)
        for child in list(node.iter_expressions()):
            if child is not with_:
                self.resolve(child, database=database, ctes=ctes)

    def _table(self, node: exp.Table, *, database: str, ctes: frozenset[str]) -> None:
        if not isinstance(node.this, exp.Identifier):
            raise not_supported(f"{position(node)}: table function {node.this.name}")
        name = node.name.lower()
        if not node.db and name in ctes:
            return
        if node.catalog.lower() not in _CATALOGS:
            raise AthenaError("CATALOG_NOT_FOUND", f"{position(node)}: Catalog '{node.catalog.lower()}' does not exist")
        schema = node.db.lower() or database
        qualified.set_origin(node, catalog=node.catalog.lower() or catalog.CATALOG, schema=schema)
        if schema == information_schema.NAME:
            self._replace(node, information_schema.relation(name, place=position(node)))
            return
        base, _, kind = name.partition("$")
        table = catalog.get_table(self._run.cloud, schema, base, place=position(node))
        allowed = access.of(self._run.cloud, table)
        if catalog.is_view(table):
            self._view(node, schema=schema, text=views.query(table), allowed=allowed)
        elif kind:
            if not allowed.is_whole:
                raise insufficient("Select", f"{base}${kind}")
            self._replace(node, metadata_tables.relation(self._run, table, kind, place=position(node)))
        else:
            self._replace(node, self._of_table(node, allowed))

    def _of_table(self, node: exp.Table, allowed: access.Access) -> Relation:
        """Return what the caller may see of a table, now or at the version that a name in FROM has.

        Raises:
            AthenaError: the caller may select no column; the version does not exist; or a view reads filtered rows,
                to which Lake Formation does not apply filters.
        """
        relation = table_relation(self._run, allowed.table)
        version, place = node.args.get("version"), position(node)
        if allowed.cells and self._views:
            raise not_supported(f"{place}: {node.name.lower()} in a view: data cells filters do not apply to views")
        if version is None:
            return restrict(relation, allowed, place=place)
        if isinstance(relation, HiveRelation):
            raise not_supported(f"{place}: time travel on a table that is not an Iceberg table")
        return restrict(time_travel.at_version(self._run, relation, version), allowed, place=place)

    def _replace(self, node: exp.Table, relation: Relation) -> None:
        name = self._run.new_name()
        self.relations[name] = relation
        _alias(node)
        node.set("this", exp.to_identifier(name))
        for part in ("db", "catalog", "version"):
            node.set(part, None)

    def _view(self, node: exp.Table, *, schema: str, text: views.ViewText, allowed: access.Access) -> None:
        key = (schema, node.name.lower())
        if key in self._views:
            raise AthenaError("VIEW_IS_RECURSIVE", f"{position(node)}: Statement would create a recursive view")
        if allowed.cells or (allowed.columns is not None and not allowed.columns):
            raise insufficient("Select", node.name.lower())
        tree = query(text.sql)
        self._views.append(key)
        self.resolve(tree, database=text.schema)
        self._views.pop()
        _alias(node)
        if node.args.get("sample"):
            raise not_supported(f"{position(node)}: TABLESAMPLE of a view")
        if not allowed.is_whole:
            names = [name for name in views.columns(allowed.table) if allowed.shows(name)]
            shown = [exp.column(exp.to_identifier(name, quoted=True)) for name in names]
            tree = exp.select(*shown).from_(exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("v"))))
        subquery = exp.Subquery(this=tree, alias=node.args["alias"])
        qualified.move_origin(node, subquery)
        node.replace(subquery)


def _alias(node: exp.Table) -> None:
    """Keep the table's name as its alias, because columns refer to it."""
    alias = node.args.get("alias")
    if alias is None:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name.lower())))
    elif alias.this is None:
        alias.set("this", exp.to_identifier(node.name.lower()))
