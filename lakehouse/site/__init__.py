"""The catalog page: a static site about datasets, models, their quality and their state, for people."""
