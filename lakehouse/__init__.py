"""Contracts say what the data is; this library turns a contract into tables, checks, names, paths and moves."""
