"""Draft the contracts of the tables of a PostgreSQL database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.model import Contract
from lakehouse.drafting import postgres_types
from lakehouse.drafting.classify import classification
from lakehouse.drafting.document import Draft, DraftColumn, Line
from lakehouse.drafting.names import column_names, dataset_name
from lakehouse.drafting.postgres_catalog import SourceColumn, SourceTable
from lakehouse.errors import LakehouseError

Table = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """Drafts of a database.

    Attributes:
        drafts: the drafts, by schema and name of the table.
        left_out: why each other table has none.
    """

    drafts: dict[Table, Draft]
    left_out: dict[Table, str]


def of_source(contracts: Sequence[Contract], source: str) -> dict[Table, Contract]:
    """Return the contracts of a source database, by schema and name of the table."""
    return {
        (contract.source.schema or "", contract.source.table or ""): contract
        for contract in contracts
        if contract.source.name == source and contract.source.is_database
    }


def draft_tables(
    tables: Sequence[SourceTable], *, source: str, database: str, domain: str, existing: Sequence[Contract] = ()
) -> Drafted:
    """Draft the contract of each table that has none.

    Args:
        tables: the tables of the database.
        source: name of the source.
        database: name of the database.
        domain: domain of the datasets.
        existing: the contracts that there are.
    """
    known = of_source(existing, source)
    datasets = {table: contract.dataset for table, contract in known.items()}
    taken = {contract.dataset for contract in existing}
    columns = {table: {c.source_name: c.name for c in contract.columns} for table, contract in known.items()}
    left_out: dict[Table, str] = {}
    for table in tables:
        place = table.schema, table.name
        if place in known:
            left_out[place] = f"has a contract, {known[place].path}"
        elif not any(not column.generated for column in table.columns):
            left_out[place] = "has no column that is replicated"
        else:
            datasets[place] = _unique(table, taken)
            taken.add(datasets[place])
            sent = [column.name for column in table.columns if not column.generated]
            columns[place] = dict(zip(sent, column_names(sent), strict=True))
    drafts: dict[Table, Draft] = {}
    for table in tables:
        place = table.schema, table.name
        if place in left_out:
            continue
        draft = _draft(table, source=source, database=database, domain=domain, datasets=datasets, columns=columns)
        try:
            draft.contract()
        except LakehouseError as error:
            left_out[place] = f"cannot be a dataset: {error}"
        else:
            drafts[place] = draft
    _without_relationships(drafts, {datasets[place] for place in left_out if place in datasets and place not in known})
    return Drafted(drafts=drafts, left_out=left_out)


def _unique(table: SourceTable, taken: set[str]) -> str:
    name = dataset_name(table.name)
    if name in taken:
        name = dataset_name(f"{table.schema}_{table.name}")
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name[:58]}_{number}", number + 1
    return unique


def _draft(
    table: SourceTable,
    *,
    source: str,
    database: str,
    domain: str,
    datasets: Mapping[Table, str],
    columns: Mapping[Table, Mapping[str, str]],
) -> Draft:
    names = columns[table.schema, table.name]
    references: dict[str, list[str]] = {}
    for own, place, others in table.references:
        for name, other in zip(own, others, strict=True):
            if place in datasets and other in columns[place]:
                references.setdefault(name, []).append(f"{datasets[place]}.{columns[place][other]}")
    by_name = {column.name: column for column in table.columns}
    has_key = bool(table.key) and all(name in names and postgres_types.can_be_key(by_name[name]) for name in table.key)
    notes = [f"DMS does not send the generated column {c.name}." for c in table.columns if c.generated]
    if has_key:
        custom = [Line("ingest", "cdc"), Line("ordering", ["_change_seq"])]
    else:
        why = f"its key ({', '.join(table.key)}) does not compare exactly" if table.key else "it has no primary key"
        custom = [Line("ingest", "append", f"{why}: updates and deletes cannot be applied, each change is a row")]
    return Draft(
        domain=domain,
        dataset=datasets[table.schema, table.name],
        table=table.name,
        server=[
            Line("server", source),
            Line("type", "postgresql"),
            Line("database", database),
            Line("schema", table.schema),
        ],
        custom=custom,
        columns=[
            _column(column, names[column.name], table=table, has_key=has_key, to=references.get(column.name, []))
            for column in table.columns
            if not column.generated
        ],
        description=table.comment,
        notes=notes,
    )


def _column(column: SourceColumn, name: str, *, table: SourceTable, has_key: bool, to: list[str]) -> DraftColumn:
    others: list[Line] = [Line("description", column.comment)] if column.comment else []
    if has_key and column.name in table.key:
        others.append(Line("primaryKey", True))
        if len(table.key) > 1:
            others.append(Line("primaryKeyPosition", table.key.index(column.name) + 1))
    elif column.required:
        others.append(Line("required", True))
    if column.name in table.unique:
        others.append(Line("unique", True))
    others.append(classification(name, column.sample))
    if to:
        others.append(Line("relationships", [{"to": target} for target in dict.fromkeys(to)]))
    return DraftColumn(name=name, source_name=column.name, type=postgres_types.lines(column), others=others)


def _without_relationships(drafts: Mapping[Table, Draft], datasets: set[str]) -> None:
    """Remove the relationships to datasets that could not be drafted."""
    for draft in drafts.values():
        for column in draft.columns:
            column.others = [
                line
                for line in column.others
                if line.key != "relationships" or not any(to["to"].split(".")[0] in datasets for to in line.value)  # type: ignore[attr-defined]
            ]
