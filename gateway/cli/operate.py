"""
`gateway operate VERB TARGET`: order something of a running gateway, signed with its operator key.

The key is in the gateway's own key file, so orders are given where that file is. Each order is good for five minutes and once;
its reason is logged with it, and its hash is a leaf of the audit log. What is refused has changed nothing.
Under TLS the gateway is known by its very certificate, from CONFIG; behind `--url` by its name and the system's CAs.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output

if TYPE_CHECKING:
    import ssl

    from gateway.config import Config, OperationsConfig
    from gateway.directory.keyfiles import GatewayKeys
    from gateway.errors import GatewayError

__all__ = ["login_link", "register"]

_DONE: Final = 204
_MAX_BYTES: Final = 64 << 10  # of a problem document
LOOK: Final = "to look at the dashboard"
LIMIT_S: Final = 30.0  # for the answer; the gateway itself gives up earlier
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, never bound

ConfigFile = Annotated[Path, typer.Option("--config", metavar="CONFIG", help="The gateway's TOML file.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why, one line; it is logged.", show_default=False)]
Message = Annotated[str | None, typer.Option("--message", metavar="HASH", help="Envelope hash of a message.")]
Conversation = Annotated[str | None, typer.Option("--conversation", metavar="ID", help="Id of a conversation.")]
Url = Annotated[str | None, typer.Option("--url", help="Where operators reach it, if that is not what CONFIG says.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    from gateway.cli.operate_standing import register_standing

    group = typer.Typer(help="Order something of a running gateway, signed.", no_args_is_help=True, rich_markup_mode=None)
    register_standing(group)
    group.command("release")(release)
    group.command("hold")(hold)
    group.command("release-hold")(release_hold)
    group.command("login")(login)
    app.add_typer(group, name="operate")


def release(
    target: Annotated[str, typer.Argument(metavar="NUMBER/INDEX", help="A held delivery.", show_default=False)],
    reason: Reason,
    config: ConfigFile,
    *,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let a held delivery go to its recipient again."""
    _order_about("release", target, (reason, config, url), "released", as_json=as_json)


def hold(
    reason: Reason,
    config: ConfigFile,
    *,
    message: Message = None,
    conversation: Conversation = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Keep a message, or a conversation, when its retention is over."""
    _order_about("hold", _target(message, conversation), (reason, config, url), "held", as_json=as_json)


def release_hold(
    reason: Reason,
    config: ConfigFile,
    *,
    message: Message = None,
    conversation: Conversation = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let what was held be erased in its time."""
    _order_about("release-hold", _target(message, conversation), (reason, config, url), "let go", as_json=as_json)


def login(
    config: ConfigFile,
    reason: Reason = LOOK,
    *,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that opens the dashboard once, within 60 seconds."""
    from gateway.ops.sign_ins import LINK_S

    link = login_link(config, reason, url)
    if as_json:
        output.print_json({"url": link, "good_s": int(LINK_S)})
    else:
        output.note(f"good once, for {LINK_S:.0f} seconds:")
        print(link)


def login_link(config: Path, reason: str = LOOK, url: str | None = None) -> str:
    """
    Return a link that opens the dashboard of a running gateway once.

    The token is drawn here, and the order names its hash: who reads orders, answers or logs cannot sign in.
    """
    import os

    from gateway.ops.sign_ins import make_token, token_hash
    from gateway.protocol import media

    token = make_token(os.urandom)
    base = _order("login", token_hash(token).hex(), reason, config, url)
    return f"{base}{media.DASHBOARD_LOGIN}#{token}"


def _target(message: str | None, conversation: str | None) -> str:
    from gateway.errors import Rejected
    from gateway.ids import format_id, parse_hash, parse_id

    if (message is None) == (conversation is None):
        raise Rejected("name one: --message or --conversation", code="bad-request")
    if message is not None:
        return f"message/{parse_hash(message).hex()}"
    return f"conversation/{format_id(parse_id(conversation or ''))}"


def _order_about(verb: str, target: str, order: tuple[str, Path, str | None], done: str, *, as_json: bool) -> None:
    _order(verb, target, *order)
    if as_json:
        output.print_json({"verb": verb, "target": target})
    else:
        print(f"{done} {output.safe(target)}")


def _order(verb: str, target: str, reason: str, file: Path, url: str | None) -> str:
    """Give an order; return where it was given."""
    from gateway.config import load

    config = load(file)
    base = _base(config.operations) if url is None else url.rstrip("/")
    tls = _tls(config.operations, known=url is None)
    asyncio.run(_post(base, _signed(config, (verb, target, reason)), tls))
    return base


def _signed(config: Config, wanted: tuple[str, str, str]) -> bytes:
    import os
    import time

    from gateway.errors import Rejected
    from gateway.protocol.action import Action, sign_action

    keys = _keys(config)
    try:
        return sign_action(Action("A1", *wanted, int(time.time()), os.urandom(16)), keys.keyring)
    except Rejected as exc:
        hint = "target and reason are one line of at most 200 characters" if exc.code == "malformed" else exc.hint
        raise Rejected(exc.detail, code=exc.code, hint=hint) from exc


def _keys(config: Config) -> GatewayKeys:
    from gateway.cli.passphrase import read_passphrase
    from gateway.cli.serve import given_passphrase
    from gateway.directory.keyfiles import decrypt_gateway_keys
    from gateway.errors import Rejected

    file = config.keys.file
    try:
        data = file.read_bytes()
    except OSError as exc:
        hint = "give orders where the gateway's key file is"
        raise Rejected(f"cannot read {file}: {exc.strerror}", code="config", hint=hint) from exc
    passphrase = given_passphrase(config.keys)
    return decrypt_gateway_keys(data, read_passphrase(None) if passphrase is None else passphrase)


def _base(operations: OperationsConfig) -> str:
    """Return where the gateway's own configuration puts the operators' listener."""
    from gateway.errors import Rejected

    if not operations.port:
        raise Rejected("operations.port is 0: the system chose another one", code="config", hint="give it with --url")
    host = "127.0.0.1" if operations.host in _EVERYWHERE else operations.host
    scheme = "http" if operations.tls_certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{operations.port}"


def _tls(operations: OperationsConfig, *, known: bool) -> ssl.SSLContext:
    """Trust the certificate that CONFIG names and no other, or who has a name from the system's CAs; show ours to who asks."""
    import ssl

    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    from gateway.errors import Rejected

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    certificate, key = operations.tls_certificate, operations.tls_key
    if certificate is None or key is None:
        return context
    try:
        leaf = load_pem_x509_certificates(certificate.read_bytes())[0]
        if known:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.check_hostname = False  # the certificate itself says more than a name in it
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # trust in it alone, whoever issued it
            context.load_verify_locations(cadata=leaf.public_bytes(Encoding.DER))
        if operations.client_ca is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ValueError, ssl.SSLError) as exc:
        raise Rejected(f"{certificate} and {key} cannot be used: {type(exc).__name__}", code="config") from exc
    return context


async def _post(base: str, order: bytes, tls: ssl.SSLContext) -> None:
    """Give an order, and raise what the gateway says against it."""
    import aiohttp

    from gateway.errors import Unavailable, Uncertain
    from gateway.protocol import media

    timeout = aiohttp.ClientTimeout(total=LIMIT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(base + media.OPERATIONS, data=order, headers={"Content-Type": media.MSGPACK}, ssl=tls) as answer,
        ):
            body = await answer.content.read(_MAX_BYTES)
            if answer.status != _DONE:
                raise _refusal(answer.status, body)
    except aiohttp.ClientSSLError as exc:
        hint = "was the certificate replaced, and the gateway not restarted? or does --url name another one?"
        raise Unavailable(f"no line to {base} that can be trusted: {type(exc).__name__}", code="tls", hint=hint) from exc
    except aiohttp.ClientConnectorError as exc:
        raise Unavailable(f"nobody listens at {base}", hint="is the gateway running? --url says where") from exc
    except (aiohttp.ClientError, aiohttp.InvalidURL, TimeoutError) as exc:
        hint = "look whether it was done: gateway_operator_actions in the metrics, the log"
        raise Uncertain(f"no answer from {base}: {type(exc).__name__}", hint=hint) from exc


def _refusal(status: int, body: bytes) -> GatewayError:
    import json

    from gateway.errors import Uncertain, error_of

    try:
        found = json.loads(body)
        error = error_of(str(found["code"]), str(found["detail"])[:500])
        error.hint = str(found["hint"])[:500]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Uncertain(f"an answer with status {status} that is not a gateway's", hint="does --url name the operators' port?")
    return error
