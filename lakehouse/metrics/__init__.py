"""Metrics: measures and dimensions of the marts, from the dbt project, and the SQL of their values."""
