# SPDX-License-Identifier: GPL-3.0-or-later
"""The module postgresql_replication_user against a real PostgreSQL 16."""

from __future__ import annotations

import typing as t
from pathlib import Path

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.modules import postgresql_replication_user

from .conftest import ADMIN, OWNER, PASSWORD, USER, Server, reading

TABLES = ["shop.orders", 'shop."Order Lines"']
SECRET = "pa$$w ${X} \\ ' \" ü"


def wanted(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "login_user": ADMIN,
        "owner_user": OWNER,
        "owner_password": PASSWORD,
        "name": USER,
        "password": SECRET,
        "tables": TABLES,
        **changes,
    }


def run(server: Server, check: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    return server.module(postgresql_replication_user, check=check, **wanted(**changes))


def actions(server: Server, check: bool = False, **changes: t.Any) -> list[str]:
    return server.actions(postgresql_replication_user, check, **wanted(**changes))


def attributes(server: Server) -> tuple[t.Any, ...]:
    rows = server.sql(
        "SELECT rolcanlogin, rolreplication, rolcreaterole, rolcreatedb, rolsuper FROM pg_roles WHERE rolname = 'debezium'", None
    )
    return rows[0] if rows else ()


def test_creates_a_role_that_may_stream_and_read_the_tables_and_no_more(orders: Server) -> None:
    result = run(orders)

    assert not result.get("failed"), result
    assert result["actions"] == [
        "create role debezium with LOGIN REPLICATION",
        'grant USAGE on schema shop, SELECT on shop.orders, SELECT on shop."Order Lines" to debezium',
    ]
    assert result["granted_tables"] == TABLES
    assert result["wal_level"] == "logical"
    assert attributes(orders) == (True, True, False, False, False)
    assert orders.sql("SELECT count(*) FROM shop.orders", USER, SECRET) == [(0,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        orders.sql("INSERT INTO shop.orders VALUES (1)", USER, SECRET)


def test_a_second_run_changes_nothing_and_its_diff_is_empty(orders: Server) -> None:
    run(orders)

    again = run(orders)

    assert (again["changed"], again["actions"], again["warnings"]) == (False, [], [])
    assert again["diff"]["before"] == again["diff"]["after"]


@pytest.mark.parametrize("check", [False, True])
def test_no_secret_in_the_result(orders: Server, check: bool) -> None:
    orders_result = str(run(orders, check=check))
    orders.sql("ALTER ROLE debezium PASSWORD 'other'", ADMIN) if not check else None
    changed = run(orders, check=check)

    for text in (orders_result, str(changed)):
        assert SECRET not in text
        assert repr(SECRET)[1:-1] not in text
        assert "SCRAM" not in text
    assert changed["diff"]["after"]["password"] == ("(hidden)" if check else "(hidden, changes)")


def test_no_password_in_the_servers_log(orders: Server) -> None:
    run(orders, password="never-seen-in-clear")

    log = Path(orders.cluster.daemon.log).read_text()
    assert "PASSWORD 'SCRAM-SHA-256$" in log
    assert "never-seen-in-clear" not in log


@pytest.mark.parametrize("password", ["pa$word", "a\\b", "a\\$b", " lead:=#!", "trail ", "q'\"\\$${HOME}", "üß€😀", "x" * 200])
def test_odd_passwords_log_in_and_are_left_alone(server: Server, password: str) -> None:
    assert not run(server, password=password, tables=[]).get("failed")

    assert server.sql("SELECT 1", USER, password) == [(1,)]
    assert run(server, password=password, tables=[])["changed"] is False


def test_a_changed_password_is_set_once(orders: Server) -> None:
    run(orders, password="old")

    result = run(orders)

    assert result["actions"] == ["set the password of role debezium"]
    assert orders.sql("SELECT 1", USER, SECRET) == [(1,)]
    assert run(orders)["changed"] is False


def test_password_check_never_leaves_the_password(orders: Server) -> None:
    run(orders, password="old")

    assert run(orders, password_check="never")["changed"] is False
    assert orders.sql("SELECT 1", USER, "old") == [(1,)]


@pytest.mark.parametrize(
    ("drift", "action"),
    [
        ("ALTER ROLE debezium NOREPLICATION", "alter role debezium: REPLICATION"),
        ("ALTER ROLE debezium NOLOGIN", "alter role debezium: LOGIN"),
        ("ALTER ROLE debezium NOLOGIN NOREPLICATION", "alter role debezium: LOGIN REPLICATION"),
        ("REVOKE USAGE ON SCHEMA shop FROM debezium", "grant USAGE on schema shop to debezium"),
        ("REVOKE SELECT ON shop.orders FROM debezium", "grant SELECT on shop.orders to debezium"),
    ],
)
def test_repairs_each_drift_alone(orders: Server, drift: t.LiteralString, action: str) -> None:
    run(orders)
    orders.sql(drift, None)

    assert actions(orders, check=True) == [action]
    assert actions(orders) == [action]
    assert run(orders)["changed"] is False


def test_repairs_an_expired_password(orders: Server) -> None:
    run(orders)
    orders.sql("ALTER ROLE debezium VALID UNTIL '2001-01-01'", None)

    assert actions(orders) == ["alter role debezium: VALID UNTIL 'infinity'", "set the password of role debezium"]
    assert orders.sql("SELECT 1", USER, SECRET) == [(1,)]
    assert run(orders)["changed"] is False


def test_grants_connect_where_public_has_lost_it(orders: Server) -> None:
    run(orders)
    orders.sql(f"REVOKE CONNECT ON DATABASE {orders.database} FROM PUBLIC", None)

    assert actions(orders) == [f"grant CONNECT on database {orders.database} to debezium"]
    assert orders.sql("SELECT 1", USER, SECRET) == [(1,)]
    assert run(orders)["changed"] is False


def test_warns_of_attributes_and_membership_that_are_too_much(orders: Server) -> None:
    run(orders)
    orders.sql("ALTER ROLE debezium CREATEDB CREATEROLE", None)
    orders.sql("GRANT cloudsqlsuperuser TO debezium", ADMIN)

    result = run(orders)

    assert result["changed"] is False
    assert ["CREATEROLE, CREATEDB" in text or "member of cloudsqlsuperuser" in text for text in result["warnings"]] == [True, True]
    assert result["member_of"] == ["cloudsqlsuperuser"]

    revoked = run(orders, revoke_cloudsqlsuperuser=True)
    assert revoked["actions"] == ["revoke membership in cloudsqlsuperuser from debezium"]
    assert revoked["member_of"] == []


def test_a_table_is_pending_until_it_is_there(orders: Server) -> None:
    tables = [*TABLES, "shop.later", "nowhere.at_all"]
    first = run(orders, tables=tables)
    assert first["pending_tables"] == ["shop.later", "nowhere.at_all"]
    assert any("shop.later, nowhere.at_all" in text for text in first["warnings"])

    orders.sql("CREATE TABLE shop.later (id int PRIMARY KEY)")
    second = run(orders, tables=tables)

    assert second["actions"] == ["grant SELECT on shop.later to debezium"]
    assert second["pending_tables"] == ["nowhere.at_all"]


def test_tables_no_longer_captured_are_told_and_revoked_only_when_asked(orders: Server) -> None:
    run(orders)
    orders.sql("CREATE TABLE shop.offsets (id int PRIMARY KEY)")
    orders.sql("GRANT SELECT, INSERT ON shop.offsets TO debezium")

    told = run(orders, tables=["shop.orders"])
    assert told["changed"] is False
    assert told["warnings"] == [
        'Role debezium may also SELECT from shop."Order Lines", which are not captured here; revoke_others=true revokes it.'
    ]

    revoked = run(orders, tables=["shop.orders"], revoke_others=True)
    assert revoked["actions"] == ['revoke from debezium SELECT on shop."Order Lines"']
    assert run(orders, tables=["shop.orders"], revoke_others=True)["changed"] is False
    assert orders.sql("SELECT count(*) FROM shop.offsets", USER, SECRET) == [(0,)]


def test_without_the_owners_login_the_error_names_privilege_owner_and_login(orders: Server) -> None:
    result = run(orders, owner_user=None, owner_password=None)

    assert result["failed"]
    assert result["msg"] == (
        "debezium needs USAGE on schema shop, which belongs to app, and postgres may not grant it. "
        "Set owner_user and owner_password to the log-in of app or of a member of it."
    )
    assert attributes(orders) == ()


def test_check_mode_changes_nothing(orders: Server) -> None:
    result = run(orders, check=True)

    assert result["changed"] is True
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["select"] == ['shop."Order Lines"', "shop.orders"]
    assert attributes(orders) == ()


def test_check_mode_plans_everything_when_the_database_is_missing(server: Server) -> None:
    result = run(server, check=True, login_db="not_there")

    assert result["actions"] == ["create role debezium with LOGIN REPLICATION"]
    assert result["pending_tables"] == TABLES
    assert "planned as new" in result["warnings"][0]
    assert "the database does not exist" in run(server, login_db="not_there")["msg"]


def test_check_mode_takes_a_refused_login_for_a_missing_role_only_when_told(server: Server) -> None:
    assert run(server, check=True, login_password="wrong", login_exists=False)["changed"] is True
    for refused in (run(server, check=True, login_password="wrong"), run(server, login_password="wrong", login_exists=False)):
        assert refused["failed"]
        assert "the password is wrong, or the role does not exist" in refused["msg"]


def test_check_mode_without_a_server_plans_everything(server: Server) -> None:
    for missing in ({"login_host": ""}, {"login_host": None}, {"server_exists": False}):
        result = run(server, check=True, **missing)
        assert result["changed"] is True
        assert result["warnings"] == []
        assert run(server, **missing)["failed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login_port": 1}, "connection refused"),
        ({"ca_certificate": None}, "needs ca_certificate"),
        ({"login_password": "wrong"}, "the password is wrong"),
        ({"owner_password": "wrong"}, "as app to database"),
        ({"tables": ["shop..*"]}, "regular expression"),
        ({"tables": ["shop.Orders"]}, "upper-case"),
        ({"password": ""}, "password is empty"),
        ({"password": None}, "password is required to create it"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(orders: Server, change: dict[str, t.Any], said: str) -> None:
    result = run(orders, **change)

    assert result["failed"]
    assert said in result["msg"]
    assert SECRET not in str(result)
    assert attributes(orders) == ()


def test_an_untrusted_certificate_is_refused(server: Server) -> None:
    import subprocess

    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=other", "-days", "1"]
    other = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert "Is ca_certificate this server's own CA?" in run(server, ca_certificate=other)["msg"]


def test_a_silent_server_ends_in_the_time_given(server: Server) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        result = run(server, login_host="127.0.0.1", login_port=silent.getsockname()[1], connect_timeout=2)

    assert "no answer within 2 s" in result["msg"]


def test_an_admin_who_did_not_make_the_role_is_told_so(orders: Server) -> None:
    run(orders)
    orders.sql("ALTER ROLE debezium NOREPLICATION", None)

    result = run(orders, login_user=OWNER)

    assert result["failed"]
    assert "app lacks a privilege" in result["msg"]
    assert result["failed_action"] == "alter role debezium: REPLICATION"


def test_wal_level_replica_is_an_error_and_in_check_mode_a_warning(orders: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.cdc.gcp.plugins.module_utils._postgresql import replication_user as room

    real = room.setting
    monkeypatch.setattr(room, "setting", lambda connection, name: "replica" if name == "wal_level" else real(connection, name))

    assert "cloudsql.logical_decoding" in run(orders, check=True)["warnings"][0]
    assert "cloudsql.logical_decoding" in run(orders)["msg"]
    assert attributes(orders) == ()


def test_absent_drops_role_and_grants(orders: Server) -> None:
    run(orders)

    steps = ["let app act for debezium", "revoke what app granted to debezium", "drop role debezium"]
    assert actions(orders, check=True, state="absent") == steps
    assert actions(orders, state="absent") == steps
    assert attributes(orders) == ()
    assert run(orders, state="absent")["changed"] is False


def test_absent_without_the_owners_login_names_the_grants_that_are_left(orders: Server) -> None:
    run(orders)

    result = run(orders, state="absent", owner_user=None)

    assert "privileges for table shop.orders" in result["msg"]
    assert "\n" not in result["msg"]
    assert attributes(orders) == (True, True, False, False, False)


def test_absent_is_refused_while_the_role_owns_something(orders: Server) -> None:
    run(orders)
    orders.sql("GRANT CREATE ON SCHEMA shop TO debezium")
    orders.sql("CREATE TABLE shop.mine (id int)", USER, SECRET)

    assert "owns table shop.mine" in run(orders, state="absent")["msg"]
    assert actions(orders, state="absent", drop_owned=True)
    assert orders.sql("SELECT to_regclass('shop.mine')") == [(None,)]


def test_absent_is_refused_while_the_role_streams(orders: Server) -> None:
    run(orders)

    with reading(orders, "busy", USER, SECRET):
        result = run(orders, state="absent", ignore_slots=["busy"])

    assert result["msg"] == "Role debezium is reading replication slot busy; stop Debezium first."


def test_absent_is_refused_while_a_slot_is_left_that_nobody_could_read_then(orders: Server) -> None:
    run(orders)
    orders.sql("SELECT pg_create_logical_replication_slot('idle', 'pgoutput')", ADMIN)

    for check in (True, False):
        result = run(orders, check, state="absent")
        assert f"Replication slot idle of database {orders.database} is left, and Debezium reads it as debezium." in result["msg"]
        assert "drop it first, with cdc.gcp.postgresql_replication_slot (state=absent)" in result["msg"]
    assert attributes(orders)
    assert actions(orders, check=True, state="absent", ignore_slots=["idle"])
    with reading(orders, "of_others"):
        assert "slot idle of" in run(orders, state="absent")["msg"]
    orders.sql("SELECT pg_drop_replication_slot('idle')", ADMIN)
    with reading(orders, "of_others"):
        assert actions(orders, state="absent")


def test_a_role_that_reads_the_slot_of_another_pipeline_keeps_its_password_and_attributes(orders: Server) -> None:
    run(orders, password="theirs", slot_name="debezium_shop")

    with reading(orders, "debezium_web", USER, "theirs"):
        for check in (True, False):
            result = run(orders, check, slot_name="debezium_shop")
            assert result["failed"]
            assert "Role debezium is reading replication slot debezium_web, and this pipeline's is debezium_shop" in result["msg"]
            assert "(set the password of role debezium)" in result["msg"]
            assert SECRET not in result["msg"]
        orders.sql("CREATE TABLE shop.later (id int PRIMARY KEY)")
        told = run(orders, password="theirs", slot_name="debezium_shop", tables=["shop.later"], revoke_others=True)
        assert "(revoke from debezium SELECT on" in told["msg"]
        granted = actions(orders, password="theirs", slot_name="debezium_shop", tables=[*TABLES, "shop.later"])
        assert granted == ["grant SELECT on shop.later to debezium"]

    assert orders.sql("SELECT 1", USER, "theirs") == [(1,)]
    with reading(orders, "debezium_shop", USER, "theirs"):
        assert actions(orders, slot_name="debezium_shop") == ["set the password of role debezium"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", ["postgres", "cloudsqladmin", "cloudsqlsuperuser", "pg_monitor", OWNER])
def test_a_role_of_somebody_else_is_refused_before_anything_is_changed(orders: Server, name: str, state: str) -> None:
    for check in (True, False):
        assert f"{name} cannot be the replication user" in run(orders, check, name=name, state=state)["msg"]
    assert "cannot be the replication user" in run(orders, name="boss", login_user="boss", state=state)["msg"]
    assert (orders.sql("SELECT 1", ADMIN), orders.sql("SELECT 1")) == ([(1,)], [(1,)]), "both passwords are as they were"


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ("VALID UNTIL '2100-01-01 00:00+00'", "The password of role debezium expires at 2100-01-01 00:00:00+00"),
        ("CONNECTION LIMIT 1", "Role debezium may have only 1 connections at a time, and Debezium has one each"),
        ("CONNECTION LIMIT 0", "Role debezium may have only 0 connections at a time"),
    ],
)
def test_warns_of_a_role_that_fails_at_its_next_connection(orders: Server, drift: str, said: str) -> None:
    run(orders)
    orders.sql(f"ALTER ROLE debezium {drift}", None)  # type: ignore[arg-type]

    result = run(orders)

    assert result["changed"] is False
    assert [said in warning for warning in result["warnings"]] == [True], result["warnings"]
    fine = "VALID UNTIL 'infinity'" if drift.startswith("VALID") else "CONNECTION LIMIT 20"
    assert f"ALTER ROLE debezium {fine.split(' LIMIT')[0]}" in result["warnings"][0]
    orders.sql(f"ALTER ROLE debezium {fine}", None)  # type: ignore[arg-type]
    assert run(orders)["warnings"] == []
