# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the replication user, for every situation, without a server."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.replication_user import Observed, ReplicationUser
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.role import Privilege, Privileges, Role
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.statements import Execute
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, ReconcileError, Refused
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret
from ansible_collections.cdc.gcp.plugins.module_utils._table_name import TableName

PARAMS: dict[str, t.Any] = {
    "login_host": "10.0.0.3",
    "login_port": 5432,
    "login_user": "postgres",
    "login_password": "admin-secret",
    "login_db": "shop",
    "ssl_mode": "verify-ca",
    "ca_certificate": "PEM",
    "connect_timeout": 10,
    "server_exists": True,
    "login_exists": True,
    "name": "debezium",
    "password": "user-secret",
    "password_check": "login",
    "tables": ["public.orders"],
    "owner_user": None,
    "owner_password": None,
    "revoke_others": False,
    "revoke_cloudsqlsuperuser": False,
    "slot_name": None,
}
ORDERS = TableName("public", "orders")
HELD = Privilege(held=True, grantable=False, owner="app")
GRANTABLE = Privilege(held=False, grantable=True, owner="app")
FOREIGN = Privilege(held=False, grantable=False, owner="app")

GOOD = Observed(
    role=Role(login=True, replication=True, extra=(), password_expired=False, member_of=()),
    password_works=True,
    privileges=Privileges(HELD, {"public": HELD}, {ORDERS: HELD}, {}),
    owner_privileges=None,
    wal_level="logical",
    server_version="16.14",
)


def wanted(check: bool = False, **changes: t.Any) -> ReplicationUser:
    return ReplicationUser.from_params({**PARAMS, **changes}, check)


def sql(action: t.Any) -> list[str]:
    assert isinstance(action, Execute)
    return [statement.as_string(None) for statement in action.statements]


def test_nothing_to_do() -> None:
    assert wanted().plan(GOOD).actions == ()


def test_only_attributes_that_differ_are_named() -> None:
    role = Role(login=True, replication=False, extra=("CREATEDB",), password_expired=False, member_of=())

    (action,) = wanted().plan(replace(GOOD, role=role)).actions

    assert sql(action) == ['ALTER ROLE "debezium" REPLICATION']


def test_names_are_quoted_as_identifiers() -> None:
    observed = replace(GOOD, privileges=Privileges(GRANTABLE, {'pu"blic': GRANTABLE}, {}, {}))

    (action,) = wanted(name='x"; DROP ROLE postgres; --', login_db="my db").plan(observed).actions

    assert sql(action) == [
        'GRANT CONNECT ON DATABASE "my db" TO "x""; DROP ROLE postgres; --"',
        'GRANT USAGE ON SCHEMA "pu""blic" TO "x""; DROP ROLE postgres; --"',
    ]


def test_a_password_that_nobody_asked_about_is_left() -> None:
    assert wanted(password_check="never").plan(replace(GOOD, password_works=None)).actions == ()


def test_a_wrong_password_is_set_and_no_statement_holds_it() -> None:
    (action,) = wanted().plan(replace(GOOD, password_works=False)).actions

    assert isinstance(action, Execute)
    assert action.set_password == ("debezium", Secret("user-secret"))
    assert "user-secret" not in f"{action}"
    assert "admin-secret" not in f"{action}"


def test_each_grant_is_given_by_a_login_that_can() -> None:
    here = Privileges(GRANTABLE, {"public": FOREIGN}, {ORDERS: FOREIGN}, {})
    there = Privileges(FOREIGN, {"public": GRANTABLE}, {ORDERS: GRANTABLE}, {})

    plan = wanted(owner_user="app").plan(replace(GOOD, privileges=here, owner_privileges=there))

    assert [(t.cast(Execute, action).login.user, sql(action)) for action in plan.actions] == [
        ("postgres", ['GRANT CONNECT ON DATABASE "shop" TO "debezium"']),
        ("app", ['GRANT USAGE ON SCHEMA "public" TO "debezium"', 'GRANT SELECT ON "public"."orders" TO "debezium"']),
    ]


def test_a_grant_that_no_login_can_give_is_refused_before_anything_else() -> None:
    observed = replace(GOOD, role=None, privileges=Privileges(HELD, {"public": HELD}, {ORDERS: FOREIGN}, {}))

    with pytest.raises(Refused, match=r"SELECT on public\.orders, which belongs to app, and neither postgres nor other may grant it"):
        wanted(owner_user="other").plan(observed)


def test_tables_not_given_leave_grants_alone() -> None:
    observed = replace(GOOD, privileges=Privileges(HELD, {}, {}, {ORDERS: HELD}))

    plan = wanted(tables=None, revoke_others=True).plan(observed)

    assert (plan.actions, plan.warnings) == ((), ())


def test_no_tables_at_all_may_be_wanted() -> None:
    observed = replace(GOOD, privileges=Privileges(HELD, {}, {}, {ORDERS: HELD}))

    (action,) = wanted(tables=[], revoke_others=True).plan(observed).actions

    assert sql(action) == ['REVOKE SELECT ON "public"."orders" FROM "debezium"']


def test_wal_level_is_an_error_and_in_check_mode_a_warning() -> None:
    replica = replace(GOOD, wal_level="replica")

    assert "cloudsql.logical_decoding" in wanted(check=True).plan(replica).warnings[0]
    with pytest.raises(ReconcileError, match=r"cloudsql\.logical_decoding.*restart"):
        wanted().plan(replica)


def test_without_a_server_check_mode_plans_everything() -> None:
    plan = wanted(check=True, login_host=None, ca_certificate=None).plan(None)

    assert [action.summary for action in plan.actions] == ["create role debezium with LOGIN REPLICATION"]
    assert plan.facts == {"pending_tables": ["public.orders"]}
    assert plan.before is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"login_host": ""}, "login_host is empty"),
        ({"server_exists": False}, "server_exists=false is for check mode"),
        ({"ca_certificate": None}, "ssl_mode=verify-ca needs ca_certificate"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"password": ""}, "password is empty"),
    ],
)
def test_options_that_cannot_work(changes: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        wanted(**changes)


def test_a_login_hides_its_password() -> None:
    assert "secret" not in repr(Login("app", Secret("secret")))
