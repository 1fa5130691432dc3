"""DAGs that put the moves in order; in Airflow's folder by `python -m dags.bundle`."""
