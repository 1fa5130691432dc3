"""The command line `lakehouse`, one module per verb. Jobs import nothing of it."""
