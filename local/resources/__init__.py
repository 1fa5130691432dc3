"""CloudFormation resource types that ministack lacks or does by halves: one module a service.

A module has `TYPES: dict[str, ResourceType]`; `installation.py` registers them. A type makes its API calls
through `plugin.client`, so that a stack's resources are what the service's own API shows.
"""
