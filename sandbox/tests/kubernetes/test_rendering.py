"""Files that Kubernetes and containerd read."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.kubernetes import containerd, control_plane, node, pki
from cdc_sandbox.settings import Settings
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec


def test_images_live_in_the_cache_and_everything_else_in_the_state(settings: Settings) -> None:
    config = tomllib.loads(containerd.render_config(settings))

    assert Path(config["root"]).is_relative_to(settings.cache)
    assert Path(config["state"]).is_relative_to(settings.state)
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert Path(cri["registry"]["config_path"]).is_relative_to(settings.state)
    assert cri["containerd"]["runtimes"]["runc"]["options"] == {"SystemdCgroup": False}


def test_a_pull_asks_this_machine_only() -> None:
    hosts = tomllib.loads(containerd.render_registries())
    assert list(hosts["host"]) == [hosts["server"]] == [containerd.NO_REGISTRY]


def test_pods_are_not_masqueraded_and_use_the_settings_subnet(settings: Settings) -> None:
    [bridge] = json.loads(containerd.render_network(replace(settings, pod_subnet="10.77.0.0/24")))["plugins"]
    assert bridge["ipMasq"] is False
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.77.0.0/24"}]]
    assert len(bridge["bridge"]) <= 15, "a longer name is no Linux interface"


def test_a_socket_path_that_is_too_long_for_linux_is_refused_at_once(settings: Settings) -> None:
    with pytest.raises(SandboxError, match="too long"):
        containerd.socket_path(replace(settings, state=Path("/" + "x" * 90)))


def test_the_kubelet_lets_in_only_client_certificates_of_the_cluster(settings: Settings) -> None:
    config = json.loads(node.render_kubelet(settings))
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authentication"]["x509"]["clientCAFile"] == str(pki.folder(settings) / "ca.crt")
    assert config["readOnlyPort"] == 0
    assert config["address"] == settings.node_address


def test_the_control_plane_listens_on_the_loopback_address_alone(settings: Settings) -> None:
    etcd, apiserver, controller_manager, scheduler = control_plane.daemons(settings, Path("/kubernetes"))
    assert [word for word in etcd.command if word.startswith("--listen")] == [
        "--listen-client-urls=http://127.0.0.1:12379",
        "--listen-peer-urls=http://127.0.0.1:12380",
    ]
    assert "--bind-address=127.0.0.1" in apiserver.command
    assert "--secure-port=0" in controller_manager.command
    assert "--secure-port=0" in scheduler.command


def test_keys_are_private_whole_and_made_once(settings: Settings) -> None:
    pki.create(settings)
    first = pki.token(settings)
    pki.create(settings)

    assert pki.token(settings) == first
    assert {path.stat().st_mode & 0o777 for path in pki.folder(settings).iterdir()} == {0o600}
    assert f'{first},admin,1,"system:masters"' in (pki.folder(settings) / "tokens.csv").read_text()
    assert json.loads(settings.kubeconfig.read_text())["users"][0]["user"]["token"] == first


def test_an_interrupted_creation_of_keys_is_repeated(settings: Settings) -> None:
    unfinished = pki.folder(settings).with_name("pki.tmp")
    unfinished.mkdir(parents=True)
    (unfinished / "ca.crt").write_text("half")

    pki.create(settings)

    assert pki.token(settings)
    assert not unfinished.exists()


def test_server_certificates_name_their_addresses_and_are_signed_by_the_authority(settings: Settings) -> None:
    pki.create(settings)
    keys = pki.folder(settings)
    authority = x509.load_pem_x509_certificate((keys / "ca.crt").read_bytes())
    for name, address in (("apiserver", "127.0.0.1"), ("kubelet", settings.node_address)):
        certificate = x509.load_pem_x509_certificate((keys / f"{name}.crt").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert address in [str(each) for each in names.get_values_for_type(x509.IPAddress)]
        certificate.verify_directly_issued_by(authority)
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_network_namespaces_of_a_container_are_found() -> None:
    specification = {
        "linux": {
            "namespaces": [
                {"type": "pid"},
                {"type": "network", "path": "/var/run/netns/cni-1"},
                {"type": "network", "path": "/proc/1/ns/net"},
            ]
        }
    }
    assert containerd.network_namespaces(specification) == ["cni-1"]
    assert containerd.network_namespaces({}) == []
