"""Addresses and ports of a user without root: his own, so that his sandbox and root's can run at once."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from cdc_sandbox import addresses, ports
from cdc_sandbox.settings import Settings, without_root


def test_a_user_without_root_needs_no_address_that_must_be_added_first(settings: Settings) -> None:
    users = without_root(settings)
    for address in (users.node_address, f"{users.private_instance_network}.1", f"{users.public_instance_network}.254"):
        assert ip_address(address).is_loopback
        assert ip_address(address) in ip_network(users.network)


def test_a_user_without_root_needs_no_privileged_port_and_none_of_roots(settings: Settings) -> None:
    roots, users = ports.needed(settings), ports.needed(without_root(settings))
    assert all(port >= 1024 for _, port in users)
    assert not roots.keys() & users.keys()
    assert "the kubelet" in roots.values()
    assert "the kubelet" not in users.values()


def test_addresses_of_the_loopback_link_change_nothing_on_the_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str]) -> str:
        raise AssertionError(f"{command} was run")

    monkeypatch.setattr(addresses, "run", refuse)
    users = without_root(settings)
    addresses.check_free(users)
    addresses.fence(users.network)
    addresses.ensure(users, users.node_address)
    addresses.unfence(users.network)
