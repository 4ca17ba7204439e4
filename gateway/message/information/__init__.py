"""The family of the information and coordination centre: a module for each kind."""
