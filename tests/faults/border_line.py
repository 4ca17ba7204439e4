"""
The line between a relay and the gateway of the other network, whose misbehaviour is one line each. Imports nothing of `gateway`.

    with BorderLine(port) as line:   # line.port leads to port
        line.suffer("lie")           # until "": behave
It speaks TCP (`tests.support.proxy`) and behind that HTTP, in a thread of its own. What it records of genuine answers it gives
for other forwards: each is signed by the right gateway, and none is about what it is given for.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Final, Self

import aiohttp
import msgspec
from aiohttp import web

from tests.support.ports import LOOPBACK
from tests.support.proxy import Proxy

__all__ = ["TROUBLES", "BorderLine"]

TROUBLES: Final = ("cut", "trickle", "freeze", "error", "swallow", "drop", "lie")
TRICKLE_BYTES_PER_S: Final = 2000
START_S: Final = 10.0
MAX_BODY_BYTES: Final = 32 << 20
RECORDED: Final = 64  # genuine answers that are kept
FORWARDS: Final = "/v1/relay/forwards"
OF_ONE_LINE: Final = frozenset({"connection", "content-length", "transfer-encoding"})  # a request is signed for its host, which stays

_Answers = list[tuple[str, list[bytes]]]
_answers: Final = msgspec.msgpack.Decoder(_Answers)


class BorderLine:
    """
    Leads to a gateway on loopback.

    Args:
        target_port: Of the gateway.

    Attributes:
        port: Where it listens.
        seen: How often each misbehaviour met a request.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.seen: Counter[str] = Counter()
        self._target = f"http://{LOOPBACK}:{target_port}"
        self._trouble = ""
        self._recorded: list[list[bytes]] = []
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("the line did not start")
        return self

    def __exit__(self, *failure: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def suffer(self, trouble: str) -> None:
        """Misbehave from now on; empty: behave, and break what was half-open."""
        self._loop.call_soon_threadsafe(self._suffer, trouble)

    def _suffer(self, trouble: str) -> None:
        frozen, self._trouble = self._trouble == "freeze", trouble
        self._proxy.heal()
        if frozen:
            self._proxy.cut()
        if trouble == "cut":
            self._proxy.refuse()
        elif trouble == "trickle":
            self._proxy.bytes_per_s = TRICKLE_BYTES_PER_S
        elif trouble == "freeze":
            self._proxy.freeze()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        runner = web.ServerRunner(web.Server(self._serve, access_log=None))
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0, shutdown_timeout=0.1)
        await site.start()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(auto_decompress=False, connector=connector) as self._session:
            async with Proxy(runner.addresses[0][1]) as self._proxy:
                self.port = self._proxy.port
                self._ready.set()
                await self._stop.wait()
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await self._body(request)
        trouble = self._trouble
        self.seen[trouble] += 1
        if trouble == "error":
            return web.Response(status=500)
        answer = None if trouble == "swallow" else await self._ask(request, body)
        if answer is None or trouble == "drop":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        return answer

    async def _body(self, request: web.BaseRequest) -> bytes:
        request._client_max_size = MAX_BODY_BYTES
        return await request.read()

    async def _ask(self, request: web.BaseRequest, body: bytes) -> web.Response | None:
        """Ask the gateway the same; None where it is away."""
        url = self._target + request.raw_path
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OF_ONE_LINE}
        try:
            async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
                data = await answer.read()
        except (aiohttp.ClientError, OSError):
            return None
        passed = {name: value for name, value in answer.headers.items() if name.lower() not in OF_ONE_LINE}
        if request.method == "POST" and request.path == FORWARDS and answer.status == 200:
            data = self._answers(data)
        return web.Response(status=answer.status, body=data, headers=passed)

    def _answers(self, data: bytes) -> bytes:
        """Record genuine answers; while it lies, give each for another forward than it was for."""
        answers = _answers.decode(data)
        genuine = [receipts for code, receipts in answers if not code]
        if self._trouble == "lie" and self._recorded:
            lies = [receipts for receipts in self._recorded if receipts not in genuine]
            if lies:
                self.seen["lied"] += len(answers)
                answers = [("", lies[place % len(lies)]) for place in range(len(answers))]
        self._recorded = [*self._recorded, *genuine][-RECORDED:]
        return msgspec.msgpack.encode(answers)
