"""TLS, ports that are taken, and a stop that lets running work end."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import uvloop
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.api.listener import Listener, tls_context
from gateway.errors import Rejected
from gateway.protocol import media
from tests.support.http_stage import QUICK, staged


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that signs itself; return its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return files


def client_context(server: Path) -> ssl.SSLContext:
    """Trust one server certificate, whatever the name that is used on loopback."""
    context = ssl.create_default_context(cafile=str(server))
    context.check_hostname = False
    return context


async def test_tls_protects_the_interface(tmp_path: Path) -> None:
    """With a certificate the interface speaks TLS 1.3, and signed requests work over it."""
    files = certificate(tmp_path, "gw.example")
    async with staged(tls=tls_context(*files)) as stage:
        qm = stage.exchange.directory.join("NCB-QM@icn")
        headers = stage.signed("GET", media.INBOX, qm)
        async with stage.session.get(stage.base + media.INBOX, headers=headers, ssl=client_context(files[0])) as got:
            assert got.status == 200


async def test_old_tls_is_refused(tmp_path: Path) -> None:
    """A client that cannot speak TLS 1.3 gets no connection."""
    files = certificate(tmp_path, "gw.example")
    old = client_context(files[0])
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with staged(tls=tls_context(*files)) as stage:
        with pytest.raises(aiohttp.ClientConnectorError):
            await stage.session.get(stage.base + media.HEALTH, ssl=old)


async def test_mutual_tls_asks_clients_for_a_certificate(tmp_path: Path) -> None:
    """With a client authority, only who shows one of its certificates gets an answer."""
    files = certificate(tmp_path, "gw.example")
    theirs = certificate(tmp_path, "qm.example")
    async with staged(tls=tls_context(*files, theirs[0])) as stage:
        with pytest.raises((aiohttp.ClientError, OSError)):
            await stage.session.get(stage.base + media.HEALTH, ssl=client_context(files[0]))
        shown = client_context(files[0])
        shown.load_cert_chain(*theirs)
        async with stage.session.get(stage.base + media.HEALTH, ssl=shown) as got:
            assert got.status == 200


def test_a_certificate_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """Missing or broken TLS files are a problem of configuration, told before anything listens."""
    (tmp_path / "broken.pem").write_text("broken")
    for name in ("missing.pem", "broken.pem"):
        with pytest.raises(Rejected, match="config"):
            tls_context(tmp_path / name, tmp_path / name)


async def test_a_port_that_is_taken_stops_the_start() -> None:
    """A second gateway on one port says so."""
    async with staged() as stage:
        with pytest.raises(Rejected, match="config"):
            await Listener(stage.api._listener._handler, QUICK).start("127.0.0.1", stage.api.port)


async def test_a_stop_lets_a_running_request_end() -> None:
    """A graceful stop answers what was asked before it, and takes nothing more."""
    async with staged() as stage:
        stage.exchange.hang = True
        running = asyncio.create_task(stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED))
        port = stage.api.port
        await stage.exchange.hung.wait()
        await stage.api.stop(2.0)
        assert (await running).code == "uncertain"
        with pytest.raises(aiohttp.ClientConnectorError):
            await stage.session.get(f"http://127.0.0.1:{port}{media.HEALTH}")


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_failed_handshakes_leave_no_trace_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Scanners that speak no TLS, break off or show no certificate fill no log, whichever event loop serves."""
    files = certificate(tmp_path, "gw.example")

    async def knock() -> None:
        listener = Listener(_nobody, QUICK, tls_context(*files, certificate(tmp_path, "qm.example")[0]))
        await listener.start("127.0.0.1", 0)
        for said in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02", bytes(3000)):
            _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(said)
            await asyncio.sleep(0.02)
            writer.transport.abort()
        for context in (client_context(files[0]), ssl.create_default_context()):
            with pytest.raises(OSError):  # noqa: PT011, PT012  the alert comes as one of several
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", listener.port, ssl=context, server_hostname="gw.example"
                )
                assert await reader.read() == b""
                raise OSError
        await asyncio.sleep(0.05)
        await listener.stop(0.1)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(knock())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def _nobody(_: web.BaseRequest) -> web.StreamResponse:
    raise AssertionError("a request came through")
