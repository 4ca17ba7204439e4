"""
`gateway exercise run|report|list`: train on a network of its own, and see how the trainees did.

An exercise runs in this process on loopback and in one folder; its trainees use the ordinary commands in other terminals, or
are simulated. The exit code says that the exercise ran, whatever its trainees did.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, finish

if TYPE_CHECKING:
    from gateway.exercise.scenario import Scenario

__all__ = ["register"]

_SHIPPED: Final = "exercises"
_GET_READY_S: Final = 10.0
_MAX_REPORT: Final = 64 << 20  # bytes
Folder = Annotated[Path, typer.Option("--folder", help="New or empty folder for everything.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Exercises: train on a network of its own.", no_args_is_help=True)
    group.command("run")(run_exercise)
    group.command("report")(report)
    group.command("list")(list_scenarios)
    app.add_typer(group, name="exercise")


def run_exercise(
    scenario: Annotated[str, typer.Argument(help="A scenario that `list` shows, or a file.", show_default=False)],
    *,
    folder: Folder,
    scale: Annotated[
        float | None, typer.Option("--scale", min=0.01, max=86_400.0, help="Seconds that a day lasts; else the scenario's.")
    ] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Let simulated trainees answer.")] = False,
    begins_in: Annotated[
        float | None, typer.Option("--begins-in", min=0.0, help="Seconds for the trainees to get ready; 10 by default.")
    ] = None,
) -> None:
    """Run an exercise to its end; writes report.html and report.json into the folder."""
    from rich.console import Console

    from gateway.errors import Rejected
    from gateway.exercise.run import Wish
    from gateway.exercise.run import run as run_scenario
    from gateway.exercise.view import View

    played = _read(scenario)
    if simulate and played.simulation is None:
        raise Rejected("the scenario has no simulated trainees", code="config", pointer="/simulation")
    ready_s = begins_in if begins_in is not None else 0.0 if simulate else _GET_READY_S
    wish = Wish(folder, scale, simulate, ready_s)
    finish(lambda: run_scenario(played, wish, View(Console(highlight=False))))


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of an exercise.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Show how an exercise stands, or ended; also while it runs."""
    from gateway.cli.files import read_file
    from gateway.exercise.report import REPORT_JSON, read_json

    data = read_file(folder / REPORT_JSON, _MAX_REPORT)
    found = read_json(data)
    if as_json:
        output.print_text(data)
        return
    rows = [(one.who, one.task, one.due, one.done or "", "; ".join(one.faults) or one.outcome) for one in found.findings]
    output.print_table(found.title, ("trainee", "what was expected", "until", "done", "result"), rows)


def list_scenarios(*, as_json: AsJson = False) -> None:
    """List the scenarios that are shipped."""
    found = {path.stem: _read(path.stem) for path in sorted(_folder().glob("*.toml"))}
    if as_json:
        output.print_json([{"name": name, "title": one.title, "trainees": one.trainees} for name, one in found.items()])
        return
    rows = [(name, one.title, one.lasts, ", ".join(one.trainees)) for name, one in found.items()]
    output.print_table("", ("scenario", "title", "lasts", "trainees"), rows)


def _folder() -> Path:
    from gateway.resources import schemas_path

    return schemas_path() / _SHIPPED


def _read(name: str) -> Scenario:
    from gateway.cli.files import read_file
    from gateway.exercise.checks import read_scenario

    shipped = _folder() / f"{name}.toml"
    path = shipped if shipped.name in {path.name for path in _folder().glob("*.toml")} else Path(name)
    return read_scenario(read_file(path), is_json=path.suffix == ".json")
