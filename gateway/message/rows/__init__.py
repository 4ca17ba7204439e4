"""The rows of the registry: one file for each family, one row for each kind, and nothing about a kind anywhere else."""
