"""Addresses on the loopback link belong to the sandbox that added them: no other sandbox removes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cdc_sandbox import addresses
from cdc_sandbox.postgresql.cluster import Cluster, stop_all
from cdc_sandbox.settings import Settings

ADDRESS = "10.89.250.7"


class Loopback:
    """A stand-in for the machine's loopback link, and for the commands of `ip` that read and change it."""

    def __init__(self) -> None:
        self.prefixes = {"127.0.0.1": 8}

    def run(self, command: list[str]) -> str:
        match command:
            case ["ip", "-json", "address", "show", *_]:
                found = [{"local": address, "prefixlen": prefix} for address, prefix in self.prefixes.items()]
                return json.dumps([{"ifname": "lo", "addr_info": found}])
            case ["ip", "address", "add", address, "dev", "lo"]:
                name, _, prefix = address.partition("/")
                assert name not in self.prefixes, "RTNETLINK answers: File exists"
                self.prefixes[name] = int(prefix)
            case ["ip", "address", "delete", address, "dev", "lo"]:
                del self.prefixes[address.partition("/")[0]]
            case _:
                raise AssertionError(command)
        return ""


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Loopback:
    made = Loopback()
    monkeypatch.setattr(addresses, "run", made.run)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.fixture
def others(tmp_path: Path) -> Settings:
    """Another sandbox with the same addresses."""
    return Settings(state=tmp_path / "others", cache=tmp_path / "cache")


def stopped_instance(settings: Settings) -> Cluster:
    """An instance as its folder says, without a server."""
    cluster = Cluster(settings, "orders")
    cluster.data.mkdir(parents=True)
    definition = {"number": 1, "common_name": "demo-project:orders", "private": False, "public": True, "flags": {}}
    (cluster.folder / "cluster.json").write_text(json.dumps(definition))
    return cluster


def test_an_address_is_added_once_and_removed_once(loopback: Loopback, settings: Settings) -> None:
    addresses.ensure(settings, ADDRESS)
    addresses.ensure(settings, ADDRESS)
    assert loopback.prefixes[ADDRESS] == 32
    addresses.release(settings, ADDRESS)
    addresses.release(settings, ADDRESS)
    assert ADDRESS not in loopback.prefixes


def test_an_address_that_another_sandbox_added_stays(loopback: Loopback, settings: Settings, others: Settings) -> None:
    addresses.ensure(others, ADDRESS)
    addresses.ensure(settings, ADDRESS)
    addresses.release(settings, ADDRESS)
    assert ADDRESS in loopback.prefixes
    addresses.release(others, ADDRESS)
    assert ADDRESS not in loopback.prefixes


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1"])
def test_an_address_of_the_machine_itself_stays(loopback: Loopback, settings: Settings, address: str) -> None:
    loopback.prefixes["192.0.2.1"] = 32
    addresses.ensure(settings, address)
    addresses.release(settings, address)
    addresses.release_all(settings)
    assert address in loopback.prefixes


def test_removing_an_instance_keeps_the_addresses_of_another_sandbox(loopback: Loopback, settings: Settings, others: Settings) -> None:
    theirs, ours = "10.89.1.1", "10.89.2.1"
    addresses.ensure(others, theirs)
    addresses.ensure(settings, ours)
    stopped_instance(settings).remove()
    assert theirs in loopback.prefixes
    assert ours not in loopback.prefixes


def test_stopping_all_instances_keeps_the_addresses_of_another_sandbox(loopback: Loopback, settings: Settings) -> None:
    loopback.prefixes["10.89.1.1"] = 32
    stopped_instance(settings)
    stop_all(settings)
    assert "10.89.1.1" in loopback.prefixes


def test_down_releases_every_address_that_is_left(loopback: Loopback, settings: Settings, others: Settings) -> None:
    addresses.ensure(others, "10.89.1.1")
    for address in ("10.89.1.2", "10.89.0.1"):
        addresses.ensure(settings, address)
    addresses.release_all(settings)
    assert set(loopback.prefixes) == {"127.0.0.1", "10.89.1.1"}


def test_an_address_that_went_away_with_a_restart_of_the_machine_is_added_again(loopback: Loopback, settings: Settings) -> None:
    addresses.ensure(settings, ADDRESS)
    del loopback.prefixes[ADDRESS]
    addresses.ensure(settings, ADDRESS)
    assert ADDRESS in loopback.prefixes
    del loopback.prefixes[ADDRESS]
    addresses.release(settings, ADDRESS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can add an address")
def test_the_real_link_gets_an_address_and_loses_it(settings: Settings) -> None:
    try:
        addresses.ensure(settings, ADDRESS)
        addresses.ensure(settings, ADDRESS)
        assert addresses.present(ADDRESS)
    finally:
        addresses.release(settings, ADDRESS)
    assert not addresses.present(ADDRESS)
