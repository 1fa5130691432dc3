"""Quality: what the rules of a contract measure in a table, and whether what was measured may go on."""
