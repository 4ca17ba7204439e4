"""The container file, the compose file and what they mount: complete, pinned, without rights; the proxy keeps nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from gateway.config import load
from gateway.config.sections import ListenConfig, OperationsConfig
from gateway.protocol import media
from gateway.relay.config import load_relay
from tests.support.shown_commands import problem_of
from tests.support.tls import TestCa

FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "container"
CONFIG: Final = FOLDER / "config"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
BY_OTHERS: Final = {"prometheus", "grafana"}  # folders that the site mounts whole
PORTS: Final = (ListenConfig().port, OperationsConfig().port)


def images() -> list[str]:
    """Return every image that is named."""
    lines = (FOLDER / "Containerfile").read_text()
    return [*re.findall(r"^ARG \w+=(\S+:\S+)$", lines, re.MULTILINE), *(one["image"] for one in SERVICES.values())]


def test_every_image_names_a_version() -> None:
    """Nothing is whatever was built last."""
    found = images()
    assert len(found) > 8
    assert [one for one in found if ":" not in one.rpartition("/")[2] or one.endswith(":latest")] == []


def test_the_image_is_built_of_what_is_locked() -> None:
    """Every package has its hash, nobody is root, and no shell is needed."""
    lines = (FOLDER / "Containerfile").read_text()
    last = lines.rpartition("\nFROM ")[2]
    assert "--require-hashes" in lines
    assert "--requirement deploy/requirements.lock" in lines
    assert re.search(r"^USER 65532:65532$", last, re.MULTILINE)
    assert "\nRUN " not in last
    assert re.findall(r"^(?:ENTRYPOINT|CMD) (?!\[)", last, re.MULTILINE) == []
    assert re.search(rf"^EXPOSE {PORTS[0]} {PORTS[1]}$", last, re.MULTILINE)
    assert media.HEALTH in last
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", lines, re.MULTILINE) for word in line.split()[:-1]]
    assert [one for one in copied if not (FOLDER.parents[1] / one).exists()] == []
    ignored = (FOLDER / "Containerfile.dockerignore").read_text()
    assert [one for one in copied if f"!{one}" not in ignored.splitlines()] == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_as_few_rights_as_it_can(name: str) -> None:
    """No capability, no new privileges, a root that cannot be written, a user who is not root, no core dump."""
    one = SERVICES[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["read_only"] is True
    assert one["ulimits"]["core"] == 0
    assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & one.keys()
    assert name == "proxy" or int(one["user"].partition(":")[0]) > 0
    assert "unprivileged" in one["image"] or "user" in one


@pytest.mark.parametrize("name", SERVICES)
def test_everything_that_a_service_names_is_there(name: str) -> None:
    """Files, volumes, networks and secrets; each secret is a file, and the page says who makes it."""
    one = SERVICES[name]
    page = (FOLDER / "README.md").read_text()
    for volume in one.get("volumes", []):
        source, target, *mode = volume.split(":")
        if source.startswith("."):
            assert mode == ["ro"], volume
            assert source == "./publication" or (FOLDER / source).exists() or Path(source).name in BY_OTHERS, volume
        else:
            assert source in COMPOSE["volumes"], volume
            assert target.startswith("/"), volume
    for secret in one.get("secrets", []):
        assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}
        assert f"`{secret}`" in page, secret
    assert set(one["networks"]) <= COMPOSE["networks"].keys()
    assert set(one.get("depends_on", [])) <= SERVICES.keys()
    written = " ".join(str(value) for value in one.get("environment", {}).values())
    assert not re.search("password", written, re.IGNORECASE) or "/run/secrets/" in written


def test_every_service_of_ours_runs_a_command_that_is_there() -> None:
    """What the compose file runs in the gateway's image is a command of the program."""
    ours = [one["command"] for one in SERVICES.values() if one["image"].startswith("gateway:")]
    assert len(ours) == 4
    assert [problem for words in ours if (problem := problem_of(" ".join(["gateway", *words])))] == []


def test_operators_and_participants_do_not_share_a_network() -> None:
    """The proxy reaches neither ledger nor broker nor what watches; these reach nothing outside."""
    assert SERVICES["proxy"]["networks"] == ["front"]
    assert COMPOSE["networks"]["back"]["internal"]
    assert COMPOSE["networks"]["watch"]["internal"]
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published == {"proxy": ["443:8443"], "grafana": ["127.0.0.1:3000:3000"]}


def named_secrets(text: str) -> set[str]:
    """Return the secrets that a configuration reads."""
    return set(re.findall(r"/run/secrets/([\w.-]+)", text))


@pytest.mark.parametrize(
    ("file", "services"),
    [
        ("gateway.toml", ["gateway-1", "gateway-2"]),
        ("migrate.toml", ["migrate"]),
        ("relay.toml", ["relay"]),
        ("nginx.conf", ["proxy"]),
        ("rabbitmq.conf", ["rabbit-1", "rabbit-2", "rabbit-3"]),
        ("postgresql.conf", ["postgres"]),
    ],
)
def test_a_service_has_every_secret_that_its_configuration_reads(file: str, services: list[str]) -> None:
    """A file that a configuration names is mounted where it is read."""
    named = named_secrets((CONFIG / file).read_text())
    assert named
    assert [name for name in services if not named <= set(SERVICES[name]["secrets"])] == []


def test_the_examples_are_good_configurations(tmp_path: Path) -> None:
    """A site that copies them starts: every key is known, and nothing dangerous is refused."""
    for name in ("gateway.toml", "migrate.toml", "relay.toml"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text((CONFIG / name).read_text())
    gateway = load(tmp_path / "gateway.toml")
    assert gateway.ledger.url.startswith("postgresql://gateway_service:")
    assert "sslmode=verify-full" in gateway.ledger.url
    assert all(url.startswith("amqps://") and "cafile=" in url for url in gateway.broker.urls)
    assert (gateway.listen.port, gateway.operations.port) == PORTS
    assert load(tmp_path / "migrate.toml").ledger.url.startswith("postgresql://gateway_owner:")
    assert load_relay(tmp_path / "relay.toml").network == "euc"


def test_prometheus_looks_at_every_process() -> None:
    """Each gateway and relay of the compose file is a target, on the operations port, in a network that they share."""
    files = sorted((CONFIG / "targets").glob("*.yml"))
    found = {host for file in files for group in yaml.safe_load(file.read_text()) for host in group["targets"]}
    assert found == {f"{name}:{PORTS[1]}" for name in ("gateway-1", "gateway-2", "relay")}
    assert all("watch" in SERVICES[host.partition(":")[0]]["networks"] for host in found)


def test_the_nodes_are_configured_like_the_shipped_one() -> None:
    """The broker of the compose file differs from `deploy/rabbitmq` in paths and in how its nodes find each other."""
    shipped = (FOLDER.parent / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
    ours = (CONFIG / "rabbitmq.conf").read_text().splitlines()
    missing = [line for line in shipped if line not in ours and "/etc/" not in line]
    assert missing == []


def test_the_proxy_keeps_nothing_and_passes_sessions_on() -> None:
    """No body and no line about a request touches a disk; WebSockets pass; what was signed is not changed; TLS both ways."""
    text = (CONFIG / "nginx.conf").read_text()
    for line in (
        "access_log off;",
        "proxy_request_buffering off;",
        "proxy_buffering off;",
        "proxy_max_temp_file_size 0;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Host $http_host;",
        "proxy_ssl_verify on;",
        "proxy_pass https://gateways;",
    ):
        assert line in text
    assert "ssl_certificate_key" in text
    assert re.search(r"listen 8443 ssl;", text)


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    """`nginx -t` finds no fault in it."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program is not None, "no nginx: install the package nginx-light"
    ca = TestCa(tmp_path)
    pair = ca.issue("site")
    text = re.sub(r"gateway-[12]:8443", "127.0.0.1:8443", (CONFIG / "nginx.conf").read_text()).replace(
        " /tmp/", f" {tmp_path}/"
    )
    for name, file in {"site.pem": pair.certificate, "site-key.pem": pair.key, "ca.pem": ca.file}.items():
        text = text.replace(f"/run/secrets/{name}", str(file))
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        [program, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
