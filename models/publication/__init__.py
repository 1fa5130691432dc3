"""Publish what dbt has built: a reader sees only states of a model that passed its tests.

It runs in dbt's own environment, after dbt, so it imports nothing of `lakehouse`.
"""
