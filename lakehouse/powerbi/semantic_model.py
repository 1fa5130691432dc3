"""Write the files of the semantic model: tables, measures, relationships, parameters and roles."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from lakehouse.engine import athena
from lakehouse.governance.roles import Role
from lakehouse.metrics.model import Metrics
from lakehouse.names import Names, Zone
from lakehouse.powerbi import measures, tmdl
from lakehouse.powerbi.star import Column, Star, Table

COMPATIBILITY = 1600
_ANY = "{environment}"
_DAY_FORMAT, _TIME_FORMAT = "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss"


class Mode(StrEnum):
    """How Power BI gets the rows: copied at each refresh, or by a query to Athena for each visual."""

    IMPORT = "import"
    DIRECT_QUERY = "directQuery"


def files(
    star: Star, metrics: Metrics, *, mode: Mode, role: Role, names: Names, filters: Mapping[str, str]
) -> dict[str, str]:
    """Return the TMDL files of the model by path in its folder `definition`.

    Args:
        star: tables and relationships.
        metrics: the metrics; those that need a hidden column are left out.
        mode: how Power BI gets the rows.
        role: role with whose DSN the model reads.
        names: names of the deployment, the defaults of the parameters.
        filters: DAX condition by table for users without access to all rows.
    """
    shown = measures.shown(metrics, star)
    measures.check_labels(metrics, shown, star)
    content = {
        "database.tmdl": ["database", f"\tcompatibilityLevel: {COMPATIBILITY}"],
        "model.tmdl": [
            "model Model",
            "\tculture: en-US",
            "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
            "\tsourceQueryCulture: en-US",
            "\tdiscourageImplicitMeasures",
            "",
            *(f"ref table {tmdl.name(table)}" for table in star.tables),
            *(["", "ref role filtered", "ref role unfiltered"] if filters else []),
        ],
        "relationships.tmdl": _relationships(star),
        "expressions.tmdl": _parameters(role, names),
    }
    for table in star.tables.values():
        own = [name for name in shown if measures.table_of(metrics, name) == table.name]
        content[f"tables/{table.name}.tmdl"] = _table(table, star, metrics, own, mode)
    if filters:
        content["roles/filtered.tmdl"] = _role("filtered", filters)
        content["roles/unfiltered.tmdl"] = _role("unfiltered", {})
    return {path: tmdl.file(lines) for path, lines in content.items()}


def _table(table: Table, star: Star, metrics: Metrics, shown: list[str], mode: Mode) -> list[str]:
    lines = [*tmdl.description(table.description), f"table {tmdl.name(table.name)}"]
    lines.append(f"\tlineageTag: {tmdl.tag(table.name)}")
    if table.day:
        lines.append("\tdataCategory: Time")
    for name in shown:
        metric = metrics.metrics[name]
        lines += [
            "",
            *tmdl.description(
                f"{metric.description} Unit: {metric.unit}. {metrics.additivity(name).capitalize()}. "
                f"Owner: {metric.owner}.",
                indent=1,
            ),
            f"\tmeasure {tmdl.name(metric.label)} = {tmdl.one_line(measures.dax(metrics, name))}",
            f"\t\tformatString: {tmdl.one_line(metric.format)}",
            f"\t\tlineageTag: {tmdl.tag('measure', name)}",
            "",
            f"\t\tannotation Metric = {name}",
        ]
    hidden = star.keys(table.name)
    for column in table.columns.values():
        lines += ["", *_column(column, table, is_hidden=column.name in hidden)]
    lines += ["", f"\tpartition {tmdl.name(table.name)} = m", f"\t\tmode: {mode}", "\t\tsource ="]
    lines += tmdl.expression(_query(table, mode), indent=4)
    return lines


def _column(column: Column, table: Table, *, is_hidden: bool) -> list[str]:
    is_day = column.name == table.day
    lines = [*tmdl.description(column.description, indent=1), f"\tcolumn {tmdl.name(column.name)}"]
    lines.append(f"\t\tdataType: {column.type}")
    lines += ["\t\tisHidden"] * is_hidden + ["\t\tisKey"] * is_day
    if column.type == "dateTime":
        lines.append(f"\t\tformatString: {_DAY_FORMAT if column.is_date else _TIME_FORMAT}")
    lines += [
        f"\t\tlineageTag: {tmdl.tag(table.name, column.name)}",
        # Figures come from measures alone, so that their definition is that of the metric.
        "\t\tsummarizeBy: none",
        f"\t\tsourceColumn: {tmdl.one_line(column.name)}",
    ]
    if table.day and column.name == "month_name" and "month" in table.columns:
        lines.append("\t\tsortByColumn: month")
    return [*lines, "", f"\t\tannotation Classification = {column.classification}"]


def _relationships(star: Star) -> list[str]:
    lines: list[str] = []
    for one in star.relationships:
        lines += [
            f"relationship {tmdl.tag('relationship', one.table, one.column, one.to_table, one.to_column)}",
            f"\tfromColumn: {tmdl.name(one.table)}.{tmdl.name(one.column)}",
            f"\ttoColumn: {tmdl.name(one.to_table)}.{tmdl.name(one.to_column)}",
            "",
        ]
    return lines[:-1]


def _parameters(role: Role, names: Names) -> list[str]:
    """Return the parameters, and the database that follows from the environment."""
    workgroup = names.workgroup_of(role.name)
    before, after = replace(names, environment=_ANY).database(Zone.CURATED).split(_ANY)
    meta = ' meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    expressions = (
        ("Database", f"{m_text(before)} & Environment & {m_text(after)}", "Glue database of the curated zone."),
        ("Dsn", m_text(workgroup) + meta, "ODBC data source of the role."),
        ("Environment", m_text(names.environment) + meta, "Environment of the lakehouse."),
        ("Workgroup", m_text(workgroup) + meta, "Athena workgroup of the role; for DirectQuery, the DSN has it too."),
    )
    lines: list[str] = []
    for name, value, text in expressions:
        lines += [
            *tmdl.description(text),
            f"expression {name} = {value}",
            f"\tlineageTag: {tmdl.tag('parameter', name)}",
        ]
        lines += ["", "\tannotation PBI_ResultType = Text", ""]
    return lines[:-1]


def _role(name: str, filters: Mapping[str, str]) -> list[str]:
    lines = [f"role {name}", "\tmodelPermission: read"]
    for table, rows in filters.items():
        lines += ["", f"\ttablePermission {tmdl.name(table)} = {tmdl.one_line(rows)}"]
    return lines


def _query(table: Table, mode: Mode) -> str:
    """Return the query in M; it names the columns, so that a column that the role does not see is not asked for."""
    if mode is Mode.IMPORT:
        before = f"SELECT {', '.join(map(athena.identifier, table.columns))} FROM "  # noqa: S608 - quoted
        statement = f"{m_text(before + chr(34))} & Database & {m_text(chr(34) + '.' + athena.identifier(table.name))}"
        return (
            "let\n"
            f"    Statement = {statement},\n"
            '    Source = Odbc.Query("dsn=" & Dsn & ";WorkGroup=" & Workgroup, Statement)\n'
            "in\n"
            "    Source"
        )
    columns = ", ".join(map(m_text, table.columns))
    return (
        "let\n"
        "    Source = AmazonAthena.Databases(Dsn, null, []),\n"
        '    Catalog = Source{[Name="AwsDataCatalog", Kind="Database"]}[Data],\n'
        '    Schema = Catalog{[Name=Database, Kind="Schema"]}[Data],\n'
        f'    Rows = Schema{{[Name={m_text(table.name)}, Kind="Table"]}}[Data],\n'
        f"    Columns = Table.SelectColumns(Rows, {{{columns}}})\n"
        "in\n"
        "    Columns"
    )


def m_text(value: str) -> str:
    """Return a text as a constant of M, which also takes `#(` for the start of an escape."""
    escaped = value.replace("#(", "#(#)(").replace('"', '""')
    return '"' + escaped.replace("\r", "#(cr)").replace("\n", "#(lf)").replace("\t", "#(tab)") + '"'
