"""Plans of the DAGs: one a domain from its contracts, and one for the dbt models that several domains share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from dags.plan import Dataset, Model, Plan
from lakehouse.batches.pulls import every
from lakehouse.contracts.check import check
from lakehouse.contracts.loader import contract_paths, load_contract, read_text
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import read
from lakehouse.operations.planner import asked


def plans(contracts: str | Path, models: Sequence[Model]) -> list[Plan]:
    """Plans of all DAGs.

    Args:
        contracts: folder of `<domain>/<dataset>.odcs.yaml`.
        models: dbt's models, each after those that it waits for.

    Returns:
        a plan for each domain; one whose contracts have violations says these and nothing else. A model that is made of a
        dataset without a contract, or of a domain with violations, is in none.
    """
    violations: dict[str, list[str]] = {}
    for violation in check(contracts):
        violations.setdefault(Path(violation.file).parent.name, []).append(str(violation))
    found: list[Plan] = []
    domains: dict[str, str] = {}
    for domain, paths in groupby(contract_paths(contracts), key=lambda path: Path(path).parent.name):
        if domain in violations:
            found.append(Plan(domain=domain, violations=tuple(violations[domain])))
            domains |= {Path(path).name.partition(".")[0]: domain for path in paths}
            continue
        loaded = [load_contract(path) for path in paths]
        domains |= {contract.dataset: domain for contract in loaded}
        refers = {contract.dataset: _refers(contract) for contract in loaded}
        found.append(
            Plan(
                domain=domain,
                every_minutes=int(_every(loaded).total_seconds() // 60),
                datasets=tuple(_dataset(contract, refers) for contract in loaded),
            )
        )
    return _with_models(found, models, domains)


def _dataset(contract: Contract, refers: Mapping[str, set[str]]) -> Dataset:
    return Dataset(
        asked=asked(contract),
        source=contract.source.name,
        source_type=contract.source.type,
        waits_for=tuple(
            sorted(to for to in refers[contract.dataset] if to in refers and not _leads(to, contract.dataset, refers))
        ),
        contract=contract.path,
        owner=contract.owner,
        description=contract.description,
    )


def _refers(contract: Contract) -> set[str]:
    return {reference.dataset for reference in read(read_text(contract.path), path=contract.path).references}


def _leads(start: str, end: str, refers: Mapping[str, set[str]]) -> bool:
    """Whether relationships lead from one dataset to another: two that refer to each other can't both wait."""
    seen, ahead = set[str](), [start]
    while ahead:
        if (at := ahead.pop()) == end:
            return True
        if at not in seen:
            seen.add(at)
            ahead += refers.get(at, ())
    return False


def _every(contracts: Iterable[Contract]) -> timedelta:
    """As often as the contract of the shortest freshness asks for."""
    return every(min((contract.freshness for contract in contracts if contract.freshness), default=None))


def _with_models(plans: Sequence[Plan], models: Sequence[Model], domains: Mapping[str, str]) -> list[Plan]:
    faulty = {plan.domain for plan in plans if plan.violations}
    models = _with_contracts(models, domains)
    of = _domains(models, domains)
    grouped: dict[frozenset[str], list[Model]] = {}
    for model in models:
        grouped.setdefault(of[model.name], []).append(model)
    found = [plan if plan.violations else _with(plan, grouped.get(frozenset({plan.domain}), [])) for plan in plans]
    return found + [
        _with(Plan(domain="_and_".join(sorted(several))), shared)
        for several, shared in grouped.items()
        if len(several) > 1 and not several & faulty
    ]


def _with_contracts(models: Sequence[Model], domains: Collection[str]) -> list[Model]:
    """Those models that are made of datasets with contracts alone."""
    found: dict[str, Model] = {}
    for model in models:
        if all(name in domains for name in model.datasets) and all(name in found for name in model.waits_for):
            found[model.name] = model
    return list(found.values())


def _domains(models: Sequence[Model], domains: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Domains of the datasets that each model is made of; one that is made of none goes with what waits for it."""
    found: dict[str, frozenset[str]] = {}
    for model in models:
        own = frozenset(domains[dataset] for dataset in model.datasets)
        found[model.name] = own.union(*(found[name] for name in model.waits_for))
    for model in reversed(models):
        if not found[model.name]:
            users = [found[user.name] for user in models if model.name in user.waits_for]
            found[model.name] = min(
                users, key=lambda user: (len(user), sorted(user)), default=frozenset(domains.values())
            )
    return found


def _with(plan: Plan, models: Sequence[Model]) -> Plan:
    """The plan with models, and with what these read that is not in it."""
    inside = {dataset.name for dataset in plan.datasets} | {model.name for model in models}
    reads = {name for model in models for name in (*model.datasets, *model.waits_for)} - inside
    return replace(plan, models=tuple(models), reads=tuple(sorted(reads)))
