"""The command line at a terminal: what it asks for, and what it shows while something takes a moment."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from typing import TYPE_CHECKING, Final

from tests.cli.conftest import MAIN, ROOT
from tests.client.conftest import PASSPHRASE
from tests.client.examples import path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway

LIMIT_S: Final = 40
ENROL: Final = ("enrol", "GW-ICN", "--as-gateway", "--network", "icn", "--home")


async def at_a_terminal(*arguments: str, answers: list[tuple[bytes, bytes]], stdout: int | None = None) -> tuple[int, bytes]:
    """Run the command at a terminal, type each answer after its question; return the exit code and all that showed."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAIN, *arguments),
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "160"},
    )
    os.close(theirs)
    shown = asyncio.create_task(asyncio.to_thread(_typed, ours, answers))
    try:
        async with asyncio.timeout(LIMIT_S):
            return await process.wait(), await shown
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await shown
        os.close(ours)


def _typed(terminal: int, answers: list[tuple[bytes, bytes]]) -> bytes:
    """Answer, then read to the end."""
    shown, seen = b"", 0
    left = list(answers)
    while True:
        try:
            shown += os.read(terminal, 1000)
        except OSError:  # the other end was closed
            return shown
        if left and (at := shown.find(left[0][0], seen)) >= 0:
            seen = at + len(left[0][0])
            os.write(terminal, left.pop(0)[1] + b"\n")


async def test_a_passphrase_is_asked_for_and_not_shown(gateway: Gateway, tmp_path: Path) -> None:
    """Without a file or a credential the terminal asks; what is typed opens the home and is nowhere on the screen."""
    await gateway("inbox", name="GN-QN")
    asked = [(b"Passphrase: ", PASSPHRASE)]
    code, shown = await at_a_terminal("inbox", "--home", str(tmp_path / "GN-QN"), answers=asked)
    assert (code, b"nothing new" in shown) == (0, True), shown
    assert PASSPHRASE not in shown


async def test_a_wrong_passphrase_at_the_prompt_is_told(gateway: Gateway, tmp_path: Path) -> None:
    """Exit code 1, and a line that says what was wrong."""
    await gateway("inbox", name="GN-QN")
    asked = [(b"Passphrase: ", b"something else")]
    code, shown = await at_a_terminal("inbox", "--home", str(tmp_path / "GN-QN"), answers=asked)
    assert (code, b"error: passphrase: " in shown) == (1, True), shown


async def test_a_new_passphrase_is_asked_for_twice(tmp_path: Path) -> None:
    """Two answers that differ make nothing; two that agree make keys which that passphrase opens."""
    home = tmp_path / "gw"
    typing_error = [(b"Passphrase: ", b"a long enough phrase"), (b"Again: ", b"a long enough frase")]
    code, shown = await at_a_terminal(*ENROL, str(home), answers=typing_error)
    assert (code, b"the two do not agree" in shown, home.exists()) == (1, True, False), shown
    agreed = [(b"Passphrase: ", b"a long enough phrase"), (b"Again: ", b"a long enough phrase")]
    code, shown = await at_a_terminal(*ENROL, str(home), answers=agreed)
    assert (code, b"enrolled" in shown, (home / "request.json").is_file()) == (0, True, True), shown


async def test_what_takes_a_moment_is_shown_and_results_stay_clean(gateway: Gateway, tmp_path: Path) -> None:
    """On the terminal a line says what is being done; what goes into a file or a pipe is the result alone."""
    await gateway("inbox", name="GN-QN")
    await gateway("inbox", name="NCB-QM")
    words = ("send", str(path()), "--to", "GN-QN", "--json", "--home", str(tmp_path / "NCB-QM"))
    with (tmp_path / "sent.json").open("wb") as out:
        code, shown = await at_a_terminal(*words, answers=[(b"Passphrase: ", PASSPHRASE)], stdout=out.fileno())
    assert (code, b"opening " in shown, b"sending to GN-QN" in shown) == (0, True, True), shown
    assert (tmp_path / "sent.json").read_bytes().startswith(b'{"message_id":')
    ran = await gateway("send", str(path()), "--to", "GN-QN", name="NCB-QM")
    assert "opening" not in ran.out + ran.err
