"""A gateway through which contact points exchange sealed messages that only their recipients can read."""

__version__ = "0.1.0"
