"""
What an operator decides, read once from one TOML file and frozen.

`sections` says every field; `loading` reads the file, `dangers` refuses starts that would expose something. Relative paths
count from the folder of the file.
"""

from gateway.config.dangers import refuse_dangers
from gateway.config.loading import load, read
from gateway.config.sections import (
    MEMORY_BROKER,
    AuditConfig,
    BrokerConfig,
    Config,
    DirectoryConfig,
    KeysConfig,
    LedgerConfig,
    Limits,
    ListenConfig,
    OperationsConfig,
    RetentionConfig,
    WitnessEntry,
    without_password,
)

__all__ = [
    "MEMORY_BROKER",
    "AuditConfig",
    "BrokerConfig",
    "Config",
    "DirectoryConfig",
    "KeysConfig",
    "LedgerConfig",
    "Limits",
    "ListenConfig",
    "OperationsConfig",
    "RetentionConfig",
    "WitnessEntry",
    "load",
    "read",
    "refuse_dangers",
    "without_password",
]
