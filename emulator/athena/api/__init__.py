"""Athena's API: executions, their results, and what the catalog operations answer."""

STATE = "athena_queries"
"""Name of the state on disk that holds the executions."""
