"""A fictional network on this machine, for the demonstration and for exercises: its files, and its gateway in this process."""
