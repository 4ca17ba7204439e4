"""What `gateway inbox` acknowledges was printed or kept; all else comes again."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import MAIN, ROOT, run_gateway
from tests.client.examples import content, path
from tests.support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway

REQUEST = str(path())
# As a command of a terminal: a suite that was started in the background hands down that interrupts are ignored.
HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


async def one_waits(gateway: Gateway) -> None:
    """Send a message to a home that has connected once."""
    await gateway("inbox", name="GN-QN")
    sent = await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    assert sent.code == 0, sent.err


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_nothing_is_fetched_without_an_output(gateway: Gateway, gate: FakeGateway, options: tuple[str, ...]) -> None:
    """With standard output closed it ends before it connects, and the delivery stays with the gateway."""
    await one_waits(gateway)
    ran = await gateway("inbox", *options, name="GN-QN", redirect=">&-")
    assert (ran.code, "no standard output: nothing was fetched" in ran.err) == (1, True)
    assert gate.states() == {"accepted": 1}


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_what_could_not_be_written_comes_again(gateway: Gateway, gate: FakeGateway, options: tuple[str, ...]) -> None:
    """A full disk under the output is told in a line, and the delivery is not acknowledged."""
    await one_waits(gateway)
    ran = await gateway("inbox", *options, name="GN-QN", redirect=">/dev/full")
    assert (ran.code, "No space left on device; delivery 1 comes again" in ran.err) == (3, True)
    assert "Traceback" not in ran.err
    assert "Exception" not in ran.err
    assert gate.states() == {"delivered": 1}


async def test_a_sealed_delivery_is_saved_before_it_is_acknowledged(
    gateway: Gateway, gate: FakeGateway, tmp_path: Path
) -> None:
    """`--save` writes what `gateway open` reads, for this user alone."""
    await one_waits(gateway)
    ran = await gateway("inbox", "--save", str(tmp_path / "kept"), name="GN-QN")
    [saved] = (tmp_path / "kept").iterdir()
    assert (ran.code, gate.states(), saved.name) == (0, {"opened": 1}, "1-GN-QN@icn.delivery")
    assert saved.stat().st_mode & 0o077 == 0
    opened = await gateway("open", str(saved), "--json", name="GN-QN")
    assert json.loads(opened.out)["content"] == json.loads(content().raw)


async def test_what_could_not_be_saved_is_not_acknowledged(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """A folder that cannot be made is told before anything is fetched."""
    await one_waits(gateway)
    (tmp_path / "file").touch()
    ran = await gateway("inbox", "--save", str(tmp_path / "file"), name="GN-QN")
    assert (ran.code, "cannot make" in ran.err) == (1, True)
    (tmp_path / "kept" / "1-GN-QN@icn.delivery").mkdir(parents=True)
    ran = await gateway("inbox", "--save", str(tmp_path / "kept"), name="GN-QN")
    assert (ran.code, "delivery 1 comes again" in ran.err) == (3, True)
    assert gate.states() == {"delivered": 1}


async def test_another_file_is_no_sealed_delivery(gateway: Gateway, tmp_path: Path) -> None:
    """`open` says which file it takes."""
    await one_waits(gateway)
    (tmp_path / "printed.json").write_text((await gateway("inbox", "--json", name="GN-QN")).out)
    (tmp_path / "notes.txt").write_text("hear the witness on Monday\n")
    for name in ("printed.json", "notes.txt"):
        ran = await gateway("open", str(tmp_path / name), name="GN-QN")
        assert (ran.code, "gateway inbox --save" in ran.err) == (1, True)


async def test_help_says_what_acknowledges() -> None:
    """Printed is acknowledged, and it stands in the help."""
    told = " ".join((await run_gateway("inbox", "--help")).out.split())
    assert "printed is acknowledged, and never handed over again" in told


async def test_an_empty_inbox_says_so_beside_the_results(gateway: Gateway) -> None:
    """On standard error, so that a pipe carries deliveries only."""
    ran = await gateway("inbox", name="GN-QN")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing new\n")


async def test_a_terminal_that_lacks_characters_gets_escapes(gateway: Gateway, gate: FakeGateway) -> None:
    """Names come in every script; JSON stays UTF-8."""
    await gateway("inbox", name="GN-QN")
    said = json.loads(content().raw)
    said["purpose"] = said["purpose"][:1]
    said["author"] = {"unit": "Вымышленный отдел"}
    for _ in range(2):
        sent = await gateway("send", "-", "--to", "GN-QN", name="NCB-QM", stdin=json.dumps(said).encode())
        assert sent.code == 0, sent.err
    read = await gateway("inbox", name="GN-QN", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (read.code, "\\u0412\\u044b" in read.out, gate.states()) == (0, True, {"opened": 2})


async def test_members_that_were_not_read_are_shown(gateway: Gateway) -> None:
    """A reader sees them above the content, a program in `unread`."""
    await gateway("inbox", name="GN-QN")
    said = json.dumps({**json.loads(content().raw), "urgancy": "flash"}).encode()
    await gateway("send", "-", "--allow-unread", "--to", "GN-QN", name="NCB-QM", stdin=said)
    shown = await gateway(
        "inbox", "--exec", f"{sys.executable} -c 'import sys; print(sys.stdin.read()); sys.exit(1)'", name="GN-QN"
    )
    assert json.loads(shown.out)["unread"] == ["/urgancy"]
    printed = await gateway("inbox", name="GN-QN")
    assert "unread, unknown to this version: /urgancy" in printed.out


async def test_a_prompt_for_the_passphrase_ends_with_an_interrupt(gateway: Gateway, tmp_path: Path) -> None:
    """Ctrl-C at the prompt ends the command at once."""
    await gateway("inbox", name="GN-QN")
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{HEEDING}; {MAIN}", "inbox", "--home", str(tmp_path / "GN-QN")),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(theirs)
    try:
        assert b"Passphrase" in await asyncio.to_thread(os.read, ours, 100)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            assert await process.wait() == 130
    finally:
        os.close(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_followed_inbox_says_that_no_gateway_is_there(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """Once, and goes on trying."""
    await gateway("inbox", name="GN-QN")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAIN, "inbox", "--follow", "--gateway", f"http://127.0.0.1:{free_port()}"),
        *("--home", str(tmp_path / "GN-QN"), "--passphrase-file", str(tmp_path / "passphrase")),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    async with asyncio.timeout(20):
        line = await process.stderr.readline()
    process.terminate()
    await process.communicate()
    assert b"nobody listens at http://127.0.0.1" in line
    assert b"trying again" in line
