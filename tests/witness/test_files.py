"""The files of a witness: its key under a passphrase, and its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.envelope.keyfile import Cost
from gateway.errors import Rejected
from gateway.tlog.note import COSIGNATURE_V1, parse_vkey
from gateway.witness.config import WitnessConfig, load, template
from gateway.witness.keyfile import WitnessKey, decrypt_witness_key, encrypt_witness_key

if TYPE_CHECKING:
    from pathlib import Path

CHEAP = Cost(1, 8192)
LOG = "GW-ICN@icn/audit+1+2"


def test_a_key_opens_with_its_passphrase_alone() -> None:
    """The file gives back the same key, and nothing to whoever does not know the passphrase."""
    key = WitnessKey.generate("witness.example/one", os.urandom)
    file = encrypt_witness_key(key, b"hush", os.urandom, CHEAP)
    assert decrypt_witness_key(file, b"hush").verifier == key.verifier
    with pytest.raises(Rejected, match="passphrase"):
        decrypt_witness_key(file, b"hash")
    assert key.unsafe_export() not in file


def test_a_key_cannot_be_given_another_name() -> None:
    """One key under two names would count as two witnesses."""
    file = encrypt_witness_key(WitnessKey.generate("witness.example/one", os.urandom), b"hush", os.urandom, CHEAP)
    renamed = file.replace(b"witness.example/one", b"witness.example/two")
    with pytest.raises(Rejected, match="passphrase"):
        decrypt_witness_key(renamed, b"hush")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "x" * 300])
def test_a_name_that_no_signature_line_can_carry_is_refused(name: str) -> None:
    """Names are those of C2SP signed notes."""
    with pytest.raises(Rejected) as caught:
        WitnessKey.generate(name, os.urandom)
    assert caught.value.code == "bad-key"


def test_the_verifier_key_is_of_a_cosigner() -> None:
    """What others are given reads back as a key of type cosignature/v1, and the secret shows nowhere."""
    key = WitnessKey(name="witness.example/one", seed=b"s" * 32)
    assert parse_vkey(str(key.verifier)).algorithm == COSIGNATURE_V1
    assert "witness.example/one" in repr(key)
    assert "ssss" not in repr(key)


@pytest.mark.parametrize("data", [b"", b"text", msgspec.msgpack.encode(["gateway-witness-key-2", "n", b"", [1, 8192], b""])])
def test_another_file_is_no_key(data: bytes) -> None:
    """A file of another form is refused before a passphrase is tried."""
    with pytest.raises(Rejected):
        decrypt_witness_key(data, b"hush")


def written(folder: Path, text: str) -> Path:
    """Write a configuration."""
    path = folder / "witness.toml"
    path.write_text(text)
    return path


def test_the_file_of_a_new_witness_can_be_read(tmp_path: Path) -> None:
    """What `init` writes is what `load` reads, with its paths beside it."""
    passphrase = tmp_path / 'a "quoted" name'
    passphrase.write_text("hush\n")
    passphrase.chmod(0o600)
    found = load(written(tmp_path, template([LOG], passphrase)))
    assert found.logs == (LOG,)
    assert (found.key_file, found.state) == (tmp_path / "witness.key", tmp_path / "witness.db")
    assert found.passphrase_file == passphrase
    assert load(written(tmp_path, template([], None))) == load(written(tmp_path, ""))


@pytest.mark.parametrize(
    "text",
    ["prot = 1", "logs = 1", "not toml", "[listen]\nport = 70000", '[listen]\nhost = "0.0.0.0"', '[listen]\ntls_key = "a"'],
)
def test_a_file_that_is_wrong_or_dangerous_stops_the_start(tmp_path: Path, text: str) -> None:
    """Unknown keys, values out of range and plain HTTP on a network are refused, with the file's name."""
    with pytest.raises(Rejected, match=r"witness\.toml") as caught:
        load(written(tmp_path, text))
    assert caught.value.code == "config"


def test_a_key_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    """The key belongs to its owner alone; the message has the command that mends it."""
    (tmp_path / "witness.key").write_bytes(b"secret")
    (tmp_path / "witness.key").chmod(0o644)
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, ""))
    assert caught.value.hint == f"chmod 600 {tmp_path / 'witness.key'}"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A wrong path is an error of the configuration."""
    with pytest.raises(Rejected, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_every_setting_is_documented() -> None:
    """Each field says in the docstring what it is."""
    silent = [name for name in WitnessConfig.__struct_fields__ if f"        {name}: " not in (WitnessConfig.__doc__ or "")]
    assert silent == []
