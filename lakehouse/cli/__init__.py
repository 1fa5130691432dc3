"""The command line, one file a verb; nothing that a job imports comes here."""
