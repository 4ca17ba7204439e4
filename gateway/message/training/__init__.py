"""The family of training and development: a module for each kind."""
