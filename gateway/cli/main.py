"""
Entry of the command `gateway`.

Each subcommand has a file of its own with `register(app)` and imports what it needs when it runs, so `gateway --help` stays
fast; a command that is called is put together without the others. The base install is a contact point's: a gateway's own
commands say what to install when its libraries are absent. Every error of the project's tree ends here, as text with a hint
and an exit code (`gateway.cli.output`); anything else is a bug.
"""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Final

import typer

from gateway import __version__
from gateway.cli import output
from gateway.errors import GatewayError

__all__ = ["COMMANDS", "build", "main"]

COMMANDS: Final = (
    *("new", "validate", "export", "import", "catalogue"),
    *("send", "forward", "approve", "inbox", "status", "cases", "recall", "outstanding", "retention"),
    *("open", "proof", "verify", "audit", "directory", "enrol", "alias", "keys", "tls"),
    *("network", "gateway-keys", "serve", "check", "doctor", "migrate", "operate", "witness"),
    *("relay", "bridge", "demo", "exercise"),
    *("backup", "restore", "sent"),
)
MODULES: Final = {"import": "import_"}  # a module cannot bear the name of a keyword
# The top-level modules of the extra `[server]`: their absence is a base install and not a bug.
_SERVER: Final = frozenset({"aiormq", "alembic", "prometheus_client", "psycopg", "sqlalchemy", "structlog", "uvloop"})
_INSTALL: Final = "this command belongs to a gateway: install gateway[server]"


def build(*wanted: str) -> typer.Typer:
    """Put subcommands together: these of `COMMANDS`, or all when none is named."""
    app = typer.Typer(
        name="gateway",
        help="Exchange sealed messages between contact points, tribunals and networks.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # it would print local variables, and these hold keys
        rich_markup_mode=None,
    )
    app.callback()(_options)
    for name in wanted or COMMANDS:
        importlib.import_module(f"gateway.cli.{MODULES.get(name, name.replace('-', '_'))}").register(app)
    return app


def main() -> None:
    """Run the command line; the exit code says what became of it."""
    as_json = "--json" in sys.argv
    output.escape_what_the_terminal_lacks()
    try:
        build(*(word for word in sys.argv[1:2] if word in COMMANDS))()
    except GatewayError as exc:
        output.error(exc, as_json=as_json)
        sys.exit(output.exit_code(exc))
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] not in _SERVER:
            raise
        output.note(f"error: {_INSTALL} ({exc.name} is missing)")
        sys.exit(output.Exit.USAGE)


def _version(wanted: bool) -> None:  # typer calls it by position
    if wanted:
        from gateway.message.flows import flows  # other commands do not wait for it

        print(f"gateway {__version__} (conversations {flows().digest.hex()[:16]})")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    del version  # its callback did the work
