"""Evidence with outsiders' words: a witness saw the log, and a time-stamp service the time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.client.proof.evidence import ProofWish
from gateway.demo.stage import CAST, Services, Stage, build
from gateway.errors import EvidenceBad
from gateway.evidence.anchors import Anchors, read_log_key
from gateway.evidence.bundle import Bundle
from gateway.evidence.token import read_roots
from gateway.evidence.verify import verify
from tests.client.examples import content, drain
from tests.client.proof.test_evidence import READER, SENDER, home, make_reachable, running, vkey
from tests.support.ports import free_port
from tests.support.tsa import time_stamping
from tests.support.witness import make_witness, url_of, witnessing
from tests.vectors.evidence_forge import witness_key
from tests.vectors.evidence_token import root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import MessageId

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 30.0
NEAR_S = 120  # between what outsiders say and the end of the test


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Enrol two participants and a gateway."""
    cast = [member for member in CAST if member.participant in {SENDER, READER}]
    services = Services(port=free_port(), operations_port=free_port())
    return build(tmp_path / "stage", services, cast, now=time.time())


async def exchanged(stage: Stage) -> tuple[MessageId, str]:
    """Send a message and let it be opened, before anybody else looks at the log; return its id and the key of the log."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        async with home(stage, READER) as reader:
            await drain(reader)
        await sender.proof(sent.message_id, ProofWish(["all"]))  # the receipts are in the log
        return sent.message_id, await vkey(sender)


async def stamped_bundle(stage: Stage, message_id: MessageId) -> bytes:
    """Return a cosigned bundle as soon as it has a time-stamp."""
    async with home(stage, SENDER) as sender, asyncio.timeout(WAIT_S):
        while True:
            found = await sender.proof(message_id, ProofWish(["all"], cosigned=True, wait_s=WAIT_S))
            if Bundle(found.bundle).form.token is not None:
                return found.bundle
            await asyncio.sleep(0.2)


def second_verifier(bundle: bytes, folder: Path, named: Sequence[str | Path]) -> dict[str, Any]:
    """Return what the verifier that shares no code with the gateway says of a bundle."""
    (folder / "bundle").write_bytes(bundle)
    command = [sys.executable, "-I", ROOT / "deploy/verify_evidence.py", folder / "bundle", *named]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    acknowledged = [one["event"] for one in told["acknowledgements"]]
    return {"proved": told["verdict"] == "proved", "acknowledged": acknowledged, "stamped_at": told["stamped_at"]}


async def test_a_bundle_carries_the_words_of_witness_and_time_stamp_service(stage: Stage, tmp_path: Path) -> None:
    """Who names a witness and a time-stamp service finds both in the file; those of strangers are not enough."""
    message_id, key = await exchanged(stage)
    witness = make_witness(tmp_path / "witness", [read_log_key(key)])
    async with witnessing(witness) as server, time_stamping(tmp_path / "tsa") as tsa:
        outsiders = f"""
[audit]
witness_every_s = 0.2
timestamp_url = "{tsa.url}"
timestamp_ca = "{tsa.ca}"
[[audit.witnesses]]
url = "{url_of(server)}"
key = "{witness.key.verifier}"
"""
        stage.config.write_text(f"{stage.config.read_text()}\n{outsiders}")
        async with running(stage):
            bundle = await stamped_bundle(stage, message_id)
        roots = read_roots(tsa.ca.read_bytes())
    anchors = Anchors([read_log_key(key)], [witness.key.verifier], roots)
    statement = verify(bundle, anchors)
    assert [one.name for one in statement.witnesses] == [witness.key.verifier.name]
    assert abs(statement.witnesses[0].cosigned_at - time.time()) < NEAR_S
    assert abs((statement.stamped_at or 0) - time.time()) < NEAR_S
    assert second_verifier(
        bundle, tmp_path, ["--log", key, "--witness", str(witness.key.verifier), "--timestamp-ca", tsa.ca]
    ) == {
        "proved": True,
        "acknowledged": [one.event for one in statement.acknowledgements],
        "stamped_at": statement.stamped_at,
    }
    with pytest.raises(EvidenceBad, match="witness"):
        verify(bundle, replace(anchors, witnesses=[witness_key()[0]]))
    with pytest.raises(EvidenceBad, match="token"):
        verify(bundle, replace(anchors, time_stamps=read_roots(root().encode())))
