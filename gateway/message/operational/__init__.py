"""The family of operational support: a module for each kind, and what notices of every colour have in common."""
