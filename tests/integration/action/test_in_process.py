# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that runs in the controller's process gives the same result as an ordinary one.

One playbook runs every case on two hosts, `inside` and `apart`, that differ only in `cdc_in_process`.
"""

from __future__ import annotations

import http.server
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cdc.gcp.plugins.plugin_utils import in_process

PROBE = "cdctest.inproc.probe"
PASSWORD = "sesame-open"
KEY = "sesame-key"
GONE = "http://127.0.0.1:1/"
"""An endpoint where nobody listens."""

DATABASE = {
    "login_host": "127.0.0.1",
    "login_port": 1,
    "login_user": "shop",
    "login_password": PASSWORD,
    "login_db": "shop",
    "ssl_mode": "disable",
}
ROW = {**DATABASE, "table": "public.orders", "values": {"id": 1}}
CLUSTER = {"host": "https://127.0.0.1:1", "api_key": PASSWORD, "validate_certs": False, "request_timeout": 1, "retry_timeout": 1}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "cdc"}}
TOPIC = {"name": "shop.orders", "pubsub_endpoint": GONE}


PIPELINE = {
    "cdc_name": "new",
    "cdc_project": "shop-prod",
    "cdc_region": "europe-west1",
    "cdc_tables": ["public.orders"],
    "cdc_replication_password": PASSWORD,
    "cloudsql_user_password": PASSWORD,
    "cloudsql_admin_password": PASSWORD,
    "cloudsql_private_network": "",
    "cloudsql_public_ip": True,
}


def pipeline(*parts: str, **variables: t.Any) -> dict[str, t.Any]:
    return {"cdc.gcp.pipeline": {"parts": list(parts), "variables": {**PIPELINE, **variables}, "pubsub_endpoint": GONE}}


def probe(**options: t.Any) -> dict[str, t.Any]:
    return {PROBE: {"name": "x", **options}}


CASES: dict[str, dict[str, t.Any]] = {
    "succeed": probe(password=PASSWORD),
    "change": probe(number="2"),
    "check": {**probe(number=2), "check_mode": True},
    "diff": {**probe(number=2), "diff": True},
    "alias": {PROBE: {"title": "by alias"}},
    "both names": probe(title="y"),
    "templated": probe(name="{{ folder | basename }}", number="{{ 1 + 1 }}"),
    "missing": {PROBE: {}},
    "unknown": probe(nonsense=1),
    "wrong type": probe(number="many"),
    "wrong choice": probe(kind="three", password=PASSWORD),
    "mutually exclusive": probe(kind="one", old="x"),
    "removed option": probe(old="x"),
    "warn": probe(do="warn"),
    "fail": probe(do="fail", password=PASSWORD),
    "raise": probe(do="raise", password=PASSWORD),
    "return": probe(do="return"),
    "exit": probe(do="exit"),
    "noise": probe(do="noise"),
    "environment": {**probe(), "environment": {"PROBE_COUNT": 3, "PROBE_WORDS": 'it\'s "a" $HOME'}},
    "no_log": {**probe(password=PASSWORD), "no_log": True},
    "loop": {**probe(name="{{ item }}", do="leave traces"), "loop": ["a", "b"]},
    "after traces": probe(),
    "timeout": {**probe(do="sleep", file="{{ folder }}/{{ inventory_hostname }}"), "timeout": 1},
    "cloudsql_connection_info": {"cdc.gcp.cloudsql_connection_info": {"instance": "shop"}},
    "cloudsql_connection_info in check mode": {"cdc.gcp.cloudsql_connection_info": {"instance": "shop"}, "check_mode": True, "diff": True},
    "cloudsql_connection_info refused": {"cdc.gcp.cloudsql_connection_info": {"instance": "other"}},
    "cloudsql_connection_info by environment": {
        "cdc.gcp.cloudsql_connection_info": {"instance": "shop", "project": "{{ omit }}"},
        "environment": {"GCP_PROJECT": "from-environment"},
    },
    "cloudsql_connection_info wrong choice": {"cdc.gcp.cloudsql_connection_info": {"instance": "shop", "ip_type": "outgoing"}},
    "service_account": {"cdc.gcp.iam_service_account": {"account_id": "shop-cdc"}},
    "pubsub_topic": {"cdc.gcp.pubsub_topic": TOPIC},
    "pubsub_topic in check mode": {"cdc.gcp.pubsub_topic": TOPIC, "check_mode": True, "diff": True},
    "kubernetes_object": {"cdc.gcp.kubernetes_object": {**CLUSTER, "definition": SECRET, "secret_data": {"key": KEY}}},
    "debezium_server": {"cdc.gcp.debezium_server": {**CLUSTER, "name": "shop"}},
    "pipeline in check mode": {**pipeline("cloudsql"), "check_mode": True, "diff": True},
    "pipeline without an answer": pipeline("pubsub"),
    "pipeline with mistakes": pipeline("cloudsql", cdc_offsets="disk", cloudsql_teir="x", cloudsql_disk_size_gb="big"),
    "postgresql_row": {"cdc.gcp.postgresql_row": ROW},
    "postgresql_row without table": {"cdc.gcp.postgresql_row": DATABASE},
}
"""What every way of running a module must agree about: a name, and the task."""

ALWAYS_APART: dict[str, dict[str, t.Any]] = {
    "async": {**probe(), "async": 20, "poll": 1},
    "other Python": {**probe(), "vars": {"ansible_python_interpreter": "{{ folder }}/python"}},
    "read at start": {**probe(), "environment": {"PYTHONHASHSEED": 1}},
}
"""Tasks that need a process of their own."""


class Instance(http.server.BaseHTTPRequestHandler):
    """Cloud SQL Admin's connectSettings of the instance `shop`; there is no instance `new-sql`; anything else is forbidden."""

    def do_GET(self) -> None:
        known = self.path.endswith("/instances/shop/connectSettings")
        address = {"type": "PRIVATE", "ipAddress": "10.20.0.3"}
        settings = {"databaseVersion": "POSTGRES_16", "region": "europe-west1", "ipAddresses": [address], "serverCaCert": {"cert": "PEM"}}
        status = 200 if known else 404 if "/instances/new-sql" in self.path else 403
        answer = settings if known else {"error": {"code": status, "message": "The caller may not."}}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: t.Any) -> None:
        """Say nothing on the test's screen."""


class Run(t.NamedTuple):
    """What one ansible-playbook left: results by host and case, and its screen."""

    results: dict[str, dict[str, t.Any]]
    screen: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the collection cdctest.inproc, whose one module is the probe."""
    folder = tmp_path_factory.mktemp("action")
    collection = folder / "collections/ansible_collections/cdctest/inproc"
    (collection / "plugins/modules").mkdir(parents=True)
    (collection / "plugins/action").mkdir()
    shutil.copy(Path(__file__).parent / "probe.py", collection / "plugins/modules/probe.py")
    shutil.copy(inspect.getfile(in_process), collection / "plugins/action/probe.py")
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def ran(folder: Path) -> t.Iterator[Run]:
    """All cases, run once on both hosts."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Instance) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield _play(folder, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


def _play(folder: Path, endpoint: str) -> Run:
    cases = {**CASES, **ALWAYS_APART}
    tasks = [{"name": name, **task, "ignore_errors": True} for name, task in cases.items()]
    defaults = {"project": "demo", "auth_kind": "accesstoken", "access_token": PASSWORD, "sql_endpoint": endpoint, "iam_endpoint": GONE}
    defaults |= {"request_timeout": 1, "retry_timeout": 1}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/cdc.gcp.gcp": defaults},
        "vars": {"folder": str(folder)},
        "tasks": tasks,
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts = {"inside": {"cdc_in_process": True}, "apart": {"cdc_in_process": False}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": local}}))
    (folder / "play.json").write_text(json.dumps([play]))
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).resolve().parents[2] / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "recorder",
        "RECORDER_FILE": str(folder / "results.json"),
        "ANSIBLE_INJECT_INVOCATION": "1",  # before ansible-core 2.21 every result had it
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_ASYNC_DIR": str(folder / "jobs"),
    }
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-vvv", "-i", folder / "hosts.json", folder / "play.json"],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    results: dict[str, t.Any] = {host: {} for host in hosts}
    for line in (folder / "results.json").read_text().splitlines():
        host, case, result = json.loads(line)
        results[host][case] = result
    return Run(results, done.stdout + done.stderr)


def _comparable(result: t.Any) -> t.Any:
    """`result` without what differs between any two runs of a module: times, names of temporary files, and where the module ran."""
    if isinstance(result, dict):
        ignored = ("in_process", "temporary_folder", "exception", "progress_file")
        return {key: _comparable(value) for key, value in result.items() if key not in ignored}
    if isinstance(result, list):
        return [_comparable(value) for value in result]
    return re.sub(r"inside|apart", "HOST", result) if isinstance(result, str) else result


@pytest.mark.parametrize("case", CASES)
def test_both_ways_give_the_same_result(ran: Run, case: str) -> None:
    inside, apart = ran.results["inside"][case], ran.results["apart"][case]
    assert _comparable(inside) == _comparable(apart)
    assert "was not found" not in str(apart.get("msg"))


def test_one_host_ran_in_the_process_and_the_other_did_not(ran: Run) -> None:
    assert ran.results["inside"]["succeed"]["in_process"] is True
    assert ran.results["apart"]["succeed"]["in_process"] is False


@pytest.mark.parametrize("case", ALWAYS_APART)
def test_a_task_that_needs_a_process_of_its_own_gets_it(ran: Run, case: str) -> None:
    assert [ran.results[host][case]["in_process"] for host in ("inside", "apart")] == [False, False]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("unknown", "Unsupported parameters for (cdctest.inproc.probe) module: nonsense."),
        ("missing", "missing required arguments: name"),
        ("fail", "failed with ********"),
        ("raise", "a defect"),
        ("return", "New-style module did not handle its own exit."),
        ("timeout", "Timed out after 1 second"),
        ("postgresql_row", "refused"),
        ("pipeline without an answer", "Check the network and pubsub_endpoint."),
        ("pipeline with mistakes", "The collection has no variable cloudsql_teir; did you mean cloudsql_tier?"),
    ],
)
def test_failures_are_what_they_should_be(ran: Run, case: str, said: str) -> None:
    assert ran.results["inside"][case]["failed"]
    assert said in ran.results["inside"][case]["msg"]


def test_the_module_sees_its_task(ran: Run, folder: Path) -> None:
    results = ran.results["inside"]
    assert results["environment"]["environment"] == {"PROBE_COUNT": "3", "PROBE_WORDS": 'it\'s "a" $HOME'}
    assert results["succeed"]["folder"] == str(folder)
    assert results["check"]["check_mode"] is True
    assert results["diff"]["diff"] == {"before": "a\n", "after": "b\n"}
    assert results["cloudsql_connection_info"]["connection_name"] == "demo:europe-west1:shop"
    assert results["cloudsql_connection_info by environment"]["connection_name"] == "from-environment:europe-west1:shop"


def test_a_pipeline_is_planned_on_an_empty_project_without_a_look_into_the_database(ran: Run) -> None:
    result = ran.results["inside"]["pipeline in check mode"]
    assert [one["action"] for one in result["resources"]] == ["create", "create", "none", *["create"] * 5]
    assert result["pending_tables"] == ["public.orders"]
    assert "Plan for new: 7 to create, 0 to update, 0 to delete, 1 unchanged." in ran.screen


def test_all_mistakes_in_names_and_values_are_told_at_once(ran: Run) -> None:
    assert ran.results["inside"]["pipeline with mistakes"]["problems"] == [
        "The collection has no variable cloudsql_teir; did you mean cloudsql_tier?",
        "cdc_offsets must be one of jdbc, volume, not 'disk'.",
        "cloudsql_disk_size_gb must be a whole number, not 'big'.",
    ]


def test_nothing_of_a_module_stays(ran: Run, folder: Path) -> None:
    results = ran.results["inside"]
    first, second = results["loop"]["results"]
    assert first["folder"] == "/"
    assert second["before"] == first["before"] == {"environment": {}, "folder": str(folder)}
    assert results["after traces"]["before"] == first["before"]
    assert not Path(results["succeed"]["temporary_folder"]).exists()


def test_a_timeout_ends_the_module(ran: Run, folder: Path) -> None:
    assert not (folder / "inside").exists()


def test_no_secret_and_no_stray_output_on_the_screen(ran: Run) -> None:
    assert "TASK [no_log]" in ran.screen
    for secret in (PASSWORD, KEY):
        assert secret not in ran.screen
        assert secret not in json.dumps(ran.results)
    assert "errantly sent data" not in ran.screen


def test_results_show_how_the_module_was_called(ran: Run) -> None:
    assert ran.results["inside"]["succeed"]["invocation"]["module_args"]["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
