# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline on an instance that exists and whose flags wait for a restart: real PostgreSQL, and Cloud SQL's stand-in with that fault."""

from __future__ import annotations

import typing as t

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.modules import cloudsql_instance, pipeline

from .conftest import Cloud

NAME = "flags"
INSTANCE = f"{NAME}-sql"
PASSWORD = "made-up"
VARIABLES: dict[str, t.Any] = {
    "cdc_name": NAME,
    "cdc_region": "europe-west1",
    "cdc_tables": ["public.orders"],
    "cdc_replication_password": PASSWORD,
    "cloudsql_user_password": PASSWORD,
    "cloudsql_admin_password": PASSWORD,
}
WAITS = {"name": "flags_wait_for_restart", "method": "sql.instances.patch"}


@pytest.fixture(scope="module")
def made() -> dict[str, t.Any]:
    """What `instance` fills in once."""
    return {}


@pytest.fixture
def instance(cloud: Cloud, made: dict[str, t.Any]) -> str:
    """Address of an instance of somebody's, without logical decoding."""
    if not made:
        given = {"region": "europe-west1", "public_ip": True, "root_password": PASSWORD, "poll_interval": 1}
        made.update(cloud.good(cloudsql_instance, name=INSTANCE, **given))
    return str(made["public_ip_address"])


def run(cloud: Cloud, check: bool = False, **variables: t.Any) -> dict[str, t.Any]:
    """The part `cloudsql` of the pipeline; the requests of earlier runs are forgotten."""
    cloud.control("DELETE", "requests")
    wanted = {**VARIABLES, "cdc_project": cloud.settings.project, **variables}
    return cloud.run(pipeline, check=check, **{**cloud.options, "variables": wanted, "parts": ["cloudsql"]})


def writes(cloud: Cloud) -> list[str]:
    """Method ids of the calls that change something."""
    methods = [str(entry["method_id"]) for entry in cloud.control("GET", "requests")["requests"]]
    return [method for method in methods if method.startswith("sql.") and method.rsplit(".", 1)[-1] not in ("get", "list")]


def running(address: str, name: str) -> str:
    """What the server runs with."""
    with psycopg.connect(host=address, dbname="postgres", user="postgres", password=PASSWORD, sslmode="require") as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("check", [True, False])
def test_an_existing_instance_is_not_restarted_by_the_first_run(cloud: Cloud, instance: str, check: bool) -> None:
    result = run(cloud, check)
    assert (result.get("failed"), result["changed"], writes(cloud)) == (True, False, [])
    assert f"This would restart instance {INSTANCE} (changes of flag cloudsql.logical_decoding)" in result["msg"]
    assert "cloudsql_restart: allow" in result["msg"]
    assert running(instance, "wal_level") == "replica"


def test_check_mode_shows_the_restart_that_is_allowed(cloud: Cloud, instance: str) -> None:
    result = run(cloud, check=True, cloudsql_restart="allow")
    assert not result.get("failed"), result["msg"]
    assert result["summary"][1:3] == [
        f"  ~ instance {INSTANCE}: database_flags.cloudsql.logical_decoding",
        f"    ! This restarts instance {INSTANCE} (changes of flag cloudsql.logical_decoding): its sessions end, and it is unavailable"
        " for a while.",
    ]
    assert writes(cloud) == []


def test_a_flag_that_cloud_sql_does_not_restart_for_is_restarted_for_in_the_same_run(cloud: Cloud, instance: str, tmp_path: t.Any) -> None:
    cloud.fault(**WAITS)
    progress = tmp_path / "progress"
    cloud.control("DELETE", "requests")
    wanted = {**VARIABLES, "cdc_project": cloud.settings.project, "cloudsql_restart": "allow"}
    params = {**cloud.options, "variables": wanted, "parts": ["cloudsql"], "progress_file": str(progress)}
    result = cloud.run(pipeline, **params)
    assert not result.get("failed"), result["msg"]
    assert writes(cloud)[:3] == ["sql.instances.patch", "sql.databases.insert", "sql.instances.restart"]
    assert writes(cloud).count("sql.instances.restart") == 1
    assert running(instance, "wal_level") == "logical"
    lines = progress.read_text().splitlines()
    notices = [number for number, line in enumerate(lines) if line.startswith("This restarts instance")]
    done = [number for number, line in enumerate(lines) if "(restarts the instance)" in line or line.startswith("restart instance")]
    assert len(notices) == len(done) == 2
    assert all(said < number for said, number in zip(notices, done, strict=True)), lines
    again = run(cloud)
    assert (again.get("failed"), again["changed"], writes(cloud)) == (None, False, [])


def test_a_flag_that_waits_since_somebody_set_it_is_refused_until_the_restart_is_allowed(cloud: Cloud, instance: str) -> None:
    cloud.fault(**WAITS)
    flags = {"max_wal_senders": 33}
    cloud.good(cloudsql_instance, name=INSTANCE, region="europe-west1", database_flags=flags, restart="allow", poll_interval=1)
    assert running(instance, "max_wal_senders") == "10"
    for check in (True, False):
        result = run(cloud, check, cloudsql_database_flags=flags)
        assert (result.get("failed"), result["changed"], writes(cloud)) == (True, False, [])
        assert f"The server of instance {INSTANCE} was not restarted since max_wal_senders=33 was set." in result["msg"]
    planned = run(cloud, check=True, cloudsql_database_flags=flags, cloudsql_restart="allow")
    assert f"restart instance {INSTANCE}, so that max_wal_senders takes effect" in planned["actions"]
    restarted = run(cloud, cloudsql_database_flags=flags, cloudsql_restart="allow")
    assert (restarted.get("failed"), writes(cloud)) == (None, ["sql.instances.restart"])
    assert running(instance, "max_wal_senders") == "33"
    assert run(cloud, cloudsql_database_flags=flags, cloudsql_restart="allow")["changed"] is False


def test_a_restart_whose_answer_is_lost_is_done_once(cloud: Cloud, instance: str) -> None:
    cloud.fault(**WAITS)
    flags = {"max_wal_senders": 34}
    cloud.good(cloudsql_instance, name=INSTANCE, region="europe-west1", database_flags=flags, restart="allow", poll_interval=1)
    cloud.fault("connection_reset", method="sql.instances.restart")
    restarted = run(cloud, cloudsql_database_flags=flags, cloudsql_restart="allow")
    assert not restarted.get("failed"), restarted["msg"]
    assert writes(cloud) == ["sql.instances.restart"]
    assert running(instance, "max_wal_senders") == "34"


def test_a_flag_of_others_that_waits_is_none_of_the_pipelines_business(cloud: Cloud, instance: str) -> None:
    cloud.fault(**WAITS)
    flags = {"max_wal_senders": 35}
    cloud.good(cloudsql_instance, name=INSTANCE, region="europe-west1", database_flags=flags, restart="allow", poll_interval=1)
    result = run(cloud, cloudsql_restart="allow")
    assert (result.get("failed"), result["changed"], writes(cloud)) == (None, False, [])
