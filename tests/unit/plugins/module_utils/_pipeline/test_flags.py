# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags that an instance has and its server does not run with: told, restarted for when that is allowed, and never guessed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
import requests
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.api import SqlAdmin
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import client
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import GcpOptions, argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.flags import RunningFlags, Settings
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import DatabaseError
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.flags import Setting
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import reconcile
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import ReconcileError, Refused

PROJECT = "https://sqladmin.googleapis.com/sql/v1beta4/projects/demo"
RESTART = f"{PROJECT}/instances/shop-sql/restart"
OPERATION = f"{PROJECT}/operations/op"
BUSY = {"error": {"code": 409, "message": "Operation failed.", "errors": [{"reason": "operationInProgress"}]}}
DECODING = {"cloudsql.logical_decoding": "on"}
SERVER = ServerOptions("10.20.0.3", 5432, "shop", "require", None, 10, server_exists=True, login_exists=True, absent_allowed=False)


def settings(*given: Setting, wal_level: str = "logical") -> Settings:
    return {"wal_level": Setting("wal_level", wal_level, None, "enum", "postmaster", False), **{one.name: one for one in given}}


def senders(value: str, pending: bool) -> Setting:
    return Setting("max_wal_senders", value, None, "integer", "postmaster", pending)


@dataclass(frozen=True)
class Flags(RunningFlags):
    """The resource over a server whose settings are a list: what it shows at each look, or the error that it gives."""

    looks: list[Settings | DatabaseError] = field(default_factory=list)

    def _read(self) -> Settings:
        look = self.looks.pop(0)
        if isinstance(look, DatabaseError):
            raise look
        return look


@pytest.fixture
def flags(session: t.Any, clock: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., Flags]:
    """`flags(wanted, look, …, allow_restart=False)`: the resource of an instance that has the wanted flags."""
    monkeypatch.setattr(client.Client, "_open", lambda self: session)
    monkeypatch.setattr(client, "Clock", lambda: clock)
    params = {name: option.get("default") for name, option in argument_spec().items()}
    api = SqlAdmin(client.Client(GcpOptions.from_params({**params, "project": "demo"})), 600, 20)

    def make(wanted: dict[str, str], *looks: Settings | DatabaseError, allow_restart: bool = False) -> Flags:
        return Flags(api, "shop-sql", wanted, SERVER, Login("postgres", None), allow_restart, list(looks))

    return make


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_server_that_runs_with_its_flags_is_left_alone(flags: t.Callable[..., Flags], check_mode: bool) -> None:
    wanted = {**DECODING, "max_wal_senders": "33"}
    outcome = reconcile(flags(wanted, settings(senders("33", False)), allow_restart=True), check_mode)
    assert (outcome.changed, outcome.plan.warnings, outcome.facts) == (False, (), {"pending_flags": []})


PENDING = [
    (DECODING, settings(wal_level="replica"), "cloudsql.logical_decoding=on"),
    ({"max_wal_senders": "33"}, settings(senders("10", True)), "max_wal_senders=33"),
    (
        {"shared_buffers": "65536"},
        settings(Setting("shared_buffers", "16384", "8kB", "integer", "postmaster", True)),
        "shared_buffers=65536",
    ),
]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(("wanted", "look", "named"), PENDING)
def test_a_flag_that_waits_for_a_restart_is_refused_with_the_way_out(
    flags: t.Callable[..., Flags], wanted: dict[str, str], look: Settings, named: str, check_mode: bool
) -> None:
    with pytest.raises(Refused, match=f"shop-sql was not restarted since {named} was set. Set cloudsql_restart: allow for one run"):
        reconcile(flags(wanted, look), check_mode)


def test_a_restart_that_is_allowed_is_announced_done_and_looked_at(flags: t.Callable[..., Flags], session: t.Any) -> None:
    session.expect("POST", RESTART, answer={"name": "op", "status": "PENDING"})
    session.expect("GET", OPERATION, answer={"name": "op", "status": "DONE"})
    gone, there = DatabaseError("connection refused"), settings(wal_level="logical")
    outcome = reconcile(flags(DECODING, settings(wal_level="replica"), gone, there, there, allow_restart=True), check_mode=False)
    assert [action.summary for action in outcome.plan.actions] == [
        "restart instance shop-sql, so that cloudsql.logical_decoding takes effect"
    ]
    assert outcome.plan.notices[0].startswith("This restarts instance shop-sql, which was not restarted since cloudsql.logical_decoding=on")
    assert outcome.plan.before == {"running": {"cloudsql.logical_decoding": "wal_level=replica"}}
    assert outcome.facts == {"pending_flags": []}


def test_check_mode_restarts_nothing(flags: t.Callable[..., Flags]) -> None:
    outcome = reconcile(flags(DECODING, settings(wal_level="replica"), allow_restart=True), check_mode=True)
    assert (outcome.changed, outcome.facts) == (True, {"pending_flags": ["cloudsql.logical_decoding"]})


def test_a_flag_that_a_restart_does_not_bring_is_an_error_and_not_another_restart(flags: t.Callable[..., Flags], session: t.Any) -> None:
    session.expect("POST", RESTART, answer={"name": "op", "status": "DONE"})
    stays = settings(wal_level="replica")
    with pytest.raises(ReconcileError, match="was restarted, and its server still runs without cloudsql.logical_decoding=on"):
        reconcile(flags(DECODING, stays, stays, allow_restart=True), check_mode=False)


@pytest.mark.parametrize(("afterwards", "restarts"), [("logical", 0), ("replica", 1)])
@pytest.mark.parametrize(
    "first",
    [
        {"status": 409, "answer": BUSY},
        {"status": 503, "answer": {"error": {"code": 503, "message": "Service unavailable."}}},
        {"error": requests.exceptions.ConnectionError("reset")},
    ],
    ids=["busy", "unavailable", "lost answer"],
)
def test_an_instance_that_was_restarted_meanwhile_is_not_restarted_again(
    flags: t.Callable[..., Flags], session: t.Any, first: dict[str, t.Any], afterwards: str, restarts: int
) -> None:
    session.expect("POST", RESTART, **first)
    query = {"instance": "shop-sql", "maxResults": 20}
    session.expect("GET", f"{PROJECT}/operations", query=query, answer={"items": [{"name": "op", "status": "DONE"}]})
    for _ in range(restarts):
        session.expect("POST", RESTART, answer={"name": "op", "status": "DONE"})
    there = settings(wal_level="logical")
    looks = [settings(wal_level="replica"), settings(wal_level=afterwards), there, there]
    assert reconcile(flags(DECODING, *looks, allow_restart=True), check_mode=False).changed is True


UNCERTAIN = [
    senders("10", False),
    Setting("track_commit_timestamp", "off", None, "bool", "postmaster", False),
    Setting("huge_pages", "off", None, "enum", "postmaster", False),
]


@pytest.mark.parametrize("setting", UNCERTAIN, ids=lambda setting: setting.name)
def test_a_mere_difference_is_told_and_restarts_nothing(flags: t.Callable[..., Flags], setting: Setting) -> None:
    value = "33" if setting.kind == "integer" else "on"
    outcome = reconcile(flags({setting.name: value}, settings(setting), allow_restart=True), check_mode=False)
    assert outcome.changed is False
    (warning,) = outcome.plan.warnings
    assert f"runs with {setting.name}={setting.value}, but the instance has {setting.name}={value}." in warning
    assert "gcloud sql instances restart shop-sql" in warning


SILENT = [
    ("33", senders("33", True)),
    ("1", Setting("track_commit_timestamp", "on", None, "bool", "postmaster", False)),
    ("100", Setting("shared_buffers", "16384", "8kB", "integer", "postmaster", False)),
    ("0.5", Setting("random_page_cost", "4", None, "real", "user", False)),
    ("all", Setting("log_statement", "none", None, "enum", "superuser", False)),
    ("many", senders("10", False)),
]


@pytest.mark.parametrize(("value", "setting"), SILENT, ids=lambda value: getattr(value, "name", value))
def test_what_is_equal_or_cannot_be_compared_or_needs_no_restart_is_left_alone(
    flags: t.Callable[..., Flags], value: str, setting: Setting
) -> None:
    outcome = reconcile(flags({setting.name: value}, settings(setting), allow_restart=True), check_mode=False)
    assert (outcome.changed, outcome.plan.warnings) == (False, ())
