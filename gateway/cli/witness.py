"""
`gateway witness`: cosign a log's checkpoints as long as it only grows; any participant can run one.

`init` makes a key, an empty memory and a configuration; `gateway witness CONFIG` serves. The log's operator gets the verifier
key that `init` prints, and enters it with the address under `[[audit.witnesses]]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gateway.errors import Rejected

__all__ = ["register"]

CONFIG_FILE = "witness.toml"


class _ConfigOrCommand(TyperGroup):
    """Takes `gateway witness CONFIG` for `gateway witness serve CONFIG`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command."""
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["serve", *args])


def register(app: typer.Typer) -> None:
    """Add the command."""
    about = "Cosign a log's checkpoints as long as it only grows: `gateway witness init`, then `gateway witness CONFIG`."
    witness = typer.Typer(cls=_ConfigOrCommand, help=about, no_args_is_help=True, rich_markup_mode=None)
    witness.command("init")(init)
    witness.command("serve")(serve)
    app.add_typer(witness, name="witness")


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where key, memory and configuration go; made if missing.")],
    name: Annotated[str, typer.Option(help="What the witness is called: a host and a path, e.g. witness.example/one.")],
    log: Annotated[
        list[str] | None, typer.Option(help="Verifier key of a log to watch, NAME+HASH+KEY; may be repeated.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="File whose first line will open the key. Default: ask, or a service credential.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a witness: its key, an empty memory, and a configuration to be looked through."""
    import os

    from gateway.cli import output
    from gateway.cli.passphrase import read_passphrase
    from gateway.network.files import write_new
    from gateway.witness.config import KEY_FILE, STATE_FILE, template
    from gateway.witness.keyfile import WitnessKey, encrypt_witness_key
    from gateway.witness.server import read_logs
    from gateway.witness.store import Store

    logs = [str(key) for key in read_logs(tuple(log or ()))]
    key = WitnessKey.generate(name, os.urandom)
    if (folder / STATE_FILE).exists():
        raise Rejected(f"{folder / STATE_FILE} is there already", code="home-exists")
    sealed = encrypt_witness_key(key, read_passphrase(passphrase_file, confirm=True), os.urandom)
    write_new(folder, {KEY_FILE: sealed, CONFIG_FILE: template(logs, passphrase_file).encode()})
    Store.create(folder / STATE_FILE)
    if json:
        output.print_json({"key": str(key.verifier), "config": str(folder / CONFIG_FILE), "logs": logs})
        return
    print(key.verifier)
    output.note(f"next: look through {folder / CONFIG_FILE}, run `gateway witness {folder / CONFIG_FILE}`,")
    output.note("      and give the line above with the address to the log's operator: [[audit.witnesses]] url, key")


def serve(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The witness's TOML file.")]) -> None:
    """
    Run a witness until it is told to stop (what `gateway witness CONFIG` does).

    Logs go to standard error as JSON lines.
    """
    from gateway.cli.passphrase import read_passphrase
    from gateway.cli.serve import given_passphrase
    from gateway.config import KeysConfig
    from gateway.witness.config import load
    from gateway.witness.server import run

    loaded = load(config)
    if not loaded.key_file.is_file():
        raise Rejected(f"no file {loaded.key_file}", code="config", hint="make it: gateway witness init FOLDER --name NAME")
    passphrase = given_passphrase(KeysConfig(passphrase_file=loaded.passphrase_file))
    if passphrase is None and not sys.stdin.isatty():
        hint = f"set passphrase_file in {config}, or run it on a terminal"
        raise Rejected("no passphrase for the key of the witness", code="passphrase", hint=hint)
    run(loaded, read_passphrase(None) if passphrase is None else passphrase)
