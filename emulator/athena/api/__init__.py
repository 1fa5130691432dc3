"""Athena's API: query executions, their results, workgroups and the catalog."""

STATE = "athena_queries"
"""Name of the state on disk that holds the executions."""
