"""Change events of any source, as records with the columns that DMS adds: operation, commit time, change sequence."""
