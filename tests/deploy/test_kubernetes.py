"""The manifests for Kubernetes: what they probe exists, what they name is there, and the restricted standard holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from gateway.config.sections import Limits, ListenConfig, OperationsConfig
from gateway.protocol import media
from tests.support.shown_commands import problem_of

FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
FILES: Final = sorted(one for one in FOLDER.glob("*.yaml") if one.name != "kustomization.yaml")
OBJECTS: Final[list[dict[str, Any]]] = [one for file in FILES for one in yaml.safe_load_all(file.read_text())]
CUSTOM: Final = "monitoring.yaml"  # only where the operator of Prometheus is
WORKLOADS: Final = {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] in {"StatefulSet", "Deployment", "Job"}}
SERVING: Final = ("gateway", "relay")


def pod(name: str) -> dict[str, Any]:
    """Return the pod of a workload."""
    found: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return found


def of_kind(kind: str) -> list[dict[str, Any]]:
    """Return the objects of a kind."""
    return [one for one in OBJECTS if one["kind"] == kind]


def test_the_kustomization_names_every_file() -> None:
    """Nothing lies there unused, and nothing that is named is missing; no image is whatever was built last."""
    told = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    assert {*told["resources"], CUSTOM} == {one.name for one in FILES}
    assert all(image["newTag"] != "latest" for image in told["images"])
    assert set(WORKLOADS) == {"gateway", "relay", "migrate"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_restricted_standard_holds(name: str) -> None:
    """Every point of the pod security standard `restricted`, for each container; and a root that cannot be written."""
    spec = pod(name)
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert {kind for volume in spec["volumes"] for kind in volume.keys() - {"name"}} <= {
        "secret", "emptyDir", "persistentVolumeClaim"
    }  # fmt: skip
    for one in (*spec["initContainers"], *spec["containers"]):
        context = one["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in one["resources"]["limits"]
        assert not any("hostPort" in port for port in one.get("ports", []))
    assert of_kind("Namespace")[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", SERVING)
def test_probes_and_ports_are_those_of_the_program(name: str) -> None:
    """The kubelet asks what exists, where the program listens by default, and kills nobody whose ledger is away."""
    (one,) = pod(name)["containers"]
    ports = {port["name"]: port["containerPort"] for port in one["ports"]}
    wanted = {"operations": OperationsConfig().port, **({"https": ListenConfig().port} if name == "gateway" else {})}
    assert ports == wanted
    probes = {probe: one[probe]["httpGet"] for probe in one if probe.endswith("Probe")}
    assert {probe["port"] for probe in probes.values()} == {"operations"}
    assert probes["livenessProbe"]["path"] == media.HEALTH
    assert probes["readinessProbe"]["path"] == (media.READY if name == "gateway" else media.HEALTH)


@pytest.mark.parametrize("name", SERVING)
def test_a_stop_has_its_time_and_one_at_a_time_goes(name: str) -> None:
    """The longest stop fits into the grace period, and no drain of a node takes two processes away."""
    spec = pod(name)
    wait = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert spec["terminationGracePeriodSeconds"] == 40 >= wait + Limits().stop_s + 5
    budgets = [one["spec"] for one in of_kind("PodDisruptionBudget") if one["metadata"]["name"] == name]
    assert [one["maxUnavailable"] for one in budgets] == [1]
    assert budgets[0]["selector"] == WORKLOADS[name]["spec"]["selector"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_secret_is_a_file_that_its_owner_alone_reads(name: str) -> None:
    """Nothing secret in the environment; every mount has its volume; the page says how each secret is made."""
    spec = pod(name)
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    claimed = {one["metadata"]["name"] for one in WORKLOADS[name]["spec"].get("volumeClaimTemplates", [])}
    for one in (*spec["initContainers"], *spec["containers"]):
        assert not {"env", "envFrom"} & one.keys()
        assert {mount["name"] for mount in one["volumeMounts"]} <= {*volumes, *claimed}
    assert volumes["secrets"]["emptyDir"]["medium"] == "Memory"
    assert volumes["mounted"]["secret"]["secretName"] == name
    assert f"create secret generic {name} " in (FOLDER / "README.md").read_text()
    (command,) = re.findall(r"^.*$", spec["containers"][0]["args"][-1])[:1]
    assert command.removeprefix("/run/secrets/") in (FOLDER / "README.md").read_text()


def test_every_workload_runs_a_command_that_is_there() -> None:
    """What the manifests run is a command of the program."""
    ours = [pod(name)["containers"][0]["args"] for name in WORKLOADS]
    assert [problem for words in ours if (problem := problem_of(" ".join(["gateway", *words])))] == []


def test_what_opens_the_secrets_compiles(tmp_path: Path) -> None:
    """The program that copies secrets into memory leaves each readable by its owner alone."""
    (one,) = pod("gateway")["initContainers"]
    text = one["command"][-1].replace("/mounted", f"{tmp_path}/mounted").replace("/run/secrets", f"{tmp_path}/secrets")
    (tmp_path / "mounted" / "..data").mkdir(parents=True)
    (tmp_path / "mounted" / "passphrase").write_text("fictional")
    (tmp_path / "secrets").mkdir()
    subprocess.run([sys.executable, "-c", text], check=True)
    (copied,) = (tmp_path / "secrets").iterdir()
    assert (copied.name, copied.read_text(), copied.stat().st_mode & 0o777) == ("passphrase", "fictional", 0o600)


def test_each_process_keeps_what_it_signed_last() -> None:
    """The audit memory outlives the process, and belongs to one alone."""
    (claim,) = WORKLOADS["gateway"]["spec"]["volumeClaimTemplates"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod("gateway")["containers"][0]["volumeMounts"]}
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert mounts[claim["metadata"]["name"]] == "/var/lib/gateway-memory"


def test_nothing_is_reached_that_is_not_named() -> None:
    """There is a policy that forbids everything, and one for each workload; operations are for the monitoring alone."""
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, one in WORKLOADS.items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert policies[name]["podSelector"]["matchLabels"].items() <= labels.items()
        assert policies[name]["policyTypes"] == ["Ingress", "Egress"]
        for rule in policies[name].get("ingress", []):
            if {"port": OperationsConfig().port} in rule["ports"]:
                assert rule["from"]
    pods = [WORKLOADS[name]["spec"]["selector"]["matchLabels"] for name in SERVING]
    assert [one["metadata"]["name"] for one in of_kind("Service") if one["spec"]["selector"] not in pods] == []
