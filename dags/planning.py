"""Compute the plans of the DAGs: one per domain from its contracts, and one for models that several domains share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from dags.plan import Dataset, Model, Plan
from lakehouse.batches.pulls import interval
from lakehouse.contracts.check import read_all
from lakehouse.contracts.index import entry
from lakehouse.contracts.loader import contract_paths
from lakehouse.contracts.model import Contract
from lakehouse.operations.planner import planner_input


def plans(contracts: str | Path, models: Sequence[Model]) -> list[Plan]:
    """Compute the plans of all DAGs.

    Args:
        contracts: folder of `<domain>/<dataset>.odcs.yaml`.
        models: dbt models, each after those that it waits for.

    Returns:
        one plan per domain, and one per combination of domains that share models. If contracts of a domain have
        violations, its plan contains only these. A model is in no plan if it reads a dataset without a contract or a
        domain with violations.
    """
    violations: dict[str, list[str]] = {}
    readings, found = read_all(contracts)
    for violation in found:
        violations.setdefault(Path(violation.file).parent.name, []).append(str(violation))
    domain_plans: list[Plan] = []
    domains: dict[str, str] = {}
    for domain, paths in groupby(contract_paths(contracts), key=lambda path: Path(path).parent.name):
        if domain in violations:
            domain_plans.append(Plan(domain=domain, violations=tuple(violations[domain])))
            domains |= {Path(path).name.partition(".")[0]: domain for path in paths}
            continue
        loaded: list[Contract] = []
        references: dict[str, set[str]] = {}
        for path in paths:
            contract, _, relationships = readings[path]
            assert contract is not None  # because its domain has no violations
            loaded.append(contract)
            references[contract.dataset] = {reference.dataset for reference in relationships}
        domains |= {contract.dataset: domain for contract in loaded}
        domain_plans.append(
            Plan(
                domain=domain,
                every_minutes=int(_interval(loaded).total_seconds() // 60),
                datasets=tuple(_dataset(contract, references) for contract in loaded),
            )
        )
    return _with_models(domain_plans, models, domains)


def _dataset(contract: Contract, references: Mapping[str, set[str]]) -> Dataset:
    return Dataset(
        planner_input=planner_input(entry(contract)),
        source=contract.source.name,
        source_type=contract.source.type,
        waits_for=tuple(
            sorted(
                target
                for target in references[contract.dataset]
                if target in references and not _leads(target, contract.dataset, references)
            )
        ),
        contract=contract.path,
        owner=contract.owner,
        description=contract.description,
    )


def _leads(start: str, end: str, references: Mapping[str, set[str]]) -> bool:
    """Return whether relationships lead from one dataset to another; of two such datasets, neither waits."""
    seen, ahead = set[str](), [start]
    while ahead:
        if (at := ahead.pop()) == end:
            return True
        if at not in seen:
            seen.add(at)
            ahead += references.get(at, ())
    return False


def _interval(contracts: Iterable[Contract]) -> timedelta:
    """Return the interval of runs that the shortest promised freshness needs."""
    return interval(min((contract.freshness for contract in contracts if contract.freshness), default=None))


def _with_models(plans: Sequence[Plan], models: Sequence[Model], domains: Mapping[str, str]) -> list[Plan]:
    invalid = {plan.domain for plan in plans if plan.violations}
    models = _with_contracts(models, domains)
    domains_of = _domains(models, domains)
    grouped: dict[frozenset[str], list[Model]] = {}
    for model in models:
        grouped.setdefault(domains_of[model.name], []).append(model)
    domain_plans = [
        plan if plan.violations else _with(plan, grouped.get(frozenset({plan.domain}), [])) for plan in plans
    ]
    return domain_plans + [
        _with(Plan(domain="_and_".join(sorted(joined))), shared)
        for joined, shared in grouped.items()
        if len(joined) > 1 and not joined & invalid
    ]


def _with_contracts(models: Sequence[Model], domains: Collection[str]) -> list[Model]:
    """Return the models whose datasets all have a contract, also the datasets of models that they read."""
    complete: dict[str, Model] = {}
    for model in models:
        if all(name in domains for name in model.datasets) and all(name in complete for name in model.waits_for):
            complete[model.name] = model
    return list(complete.values())


def _domains(models: Sequence[Model], domains: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the domains that each model reads; a model that reads no dataset belongs to the models that use it."""
    domains_of: dict[str, frozenset[str]] = {}
    for model in models:
        own = frozenset(domains[dataset] for dataset in model.datasets)
        domains_of[model.name] = own.union(*(domains_of[name] for name in model.waits_for))
    for model in reversed(models):
        if not domains_of[model.name]:
            users = [domains_of[user.name] for user in models if model.name in user.waits_for]
            domains_of[model.name] = min(
                users, key=lambda user: (len(user), sorted(user)), default=frozenset(domains.values())
            )
    return domains_of


def _with(plan: Plan, models: Sequence[Model]) -> Plan:
    """Return the plan with models, and with the datasets and models of other plans that they read."""
    inside = {dataset.name for dataset in plan.datasets} | {model.name for model in models}
    reads = {name for model in models for name in (*model.datasets, *model.waits_for)} - inside
    return replace(plan, models=tuple(models), reads=tuple(sorted(reads)))
