"""Names in FROM: common table expressions, tables, views, metadata tables and the information schema."""

from sqlglot import exp

from emulator.athena.binding import information_schema, metadata_tables, time_travel
from emulator.athena.binding.relations import HiveRelation, Relation, table_relation
from emulator.athena.parsing.parse_query import query
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.runtime.run import Run
from emulator.athena.tables import catalog, views

_CATALOGS = {"", catalog.CATALOG, "hive"}


class Resolver:
    """Finds what the tables of a query are, and names each of its own in the tree.

    Args:
        run: the statement's run.
        within: database and name of the view that the query is the text of.
    """

    def __init__(self, run: Run, *, within: tuple[str, str] | None = None) -> None:
        self.relations: dict[str, Relation] = {}
        self._run = run
        self._views = [within] if within else []

    def resolve(self, node: exp.Expr, *, database: str, known: frozenset[str] = frozenset()) -> None:
        """Replace every table under a node.

        Args:
            node: a query, or part of one.
            database: database of names without one.
            known: names of the common table expressions that are visible.

        Raises:
            AthenaError: a table or schema does not exist, or is of a kind that this Athena can't read.
        """
        with_ = node.args.get("with_")
        if with_ is not None:
            for cte in with_.expressions:
                visible = known | {cte.alias.lower()} if with_.recursive else known
                self.resolve(cte.this, database=database, known=visible)
                known |= {cte.alias.lower()}
        if isinstance(node, exp.Table):
            self._table(node, database=database, known=known)
        for child in list(node.iter_expressions()):
            if child is not with_:
                self.resolve(child, database=database, known=known)

    def _table(self, node: exp.Table, *, database: str, known: frozenset[str]) -> None:
        if not isinstance(node.this, exp.Identifier):
            raise not_supported(f"{position(node)}: table function {node.this.name}")
        name = node.name.lower()
        if not node.db and name in known:
            return
        if node.catalog.lower() not in _CATALOGS:
            raise AthenaError("CATALOG_NOT_FOUND", f"{position(node)}: Catalog '{node.catalog.lower()}' does not exist")
        schema = node.db.lower() or database
        if schema == information_schema.NAME:
            self._put(node, information_schema.relation(name, place=position(node)))
            return
        base, _, kind = name.partition("$")
        table = catalog.get_table(self._run.cloud, schema, base, place=position(node))
        if catalog.is_view(table):
            self._view(node, schema=schema, text=views.query(table))
        elif kind:
            self._put(node, metadata_tables.relation(self._run, table, kind, place=position(node)))
        else:
            relation = table_relation(self._run, table)
            version = node.args.get("version")
            if version is None:
                self._put(node, relation)
            elif isinstance(relation, HiveRelation):
                raise not_supported(f"{position(node)}: time travel on a table that is not Iceberg's")
            else:
                self._put(node, time_travel.at_version(self._run, relation, version))

    def _put(self, node: exp.Table, relation: Relation) -> None:
        name = self._run.new_name()
        self.relations[name] = relation
        _alias(node)
        node.set("this", exp.to_identifier(name))
        for part in ("db", "catalog", "version"):
            node.set(part, None)

    def _view(self, node: exp.Table, *, schema: str, text: "views.ViewText") -> None:
        key = (schema, node.name.lower())
        if key in self._views:
            raise AthenaError("VIEW_IS_RECURSIVE", f"{position(node)}: Statement would create a recursive view")
        tree = query(text.sql)
        self._views.append(key)
        self.resolve(tree, database=text.schema)
        self._views.pop()
        _alias(node)
        if node.args.get("sample"):
            raise not_supported(f"{position(node)}: TABLESAMPLE of a view")
        node.replace(exp.Subquery(this=tree, alias=node.args["alias"]))


def _alias(node: exp.Table) -> None:
    """Let columns go on naming the table as they do."""
    alias = node.args.get("alias")
    if alias is None:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name.lower())))
    elif alias.this is None:
        alias.set("this", exp.to_identifier(node.name.lower()))
