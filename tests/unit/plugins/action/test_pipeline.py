# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action of cdc.gcp.pipeline hands to its module, and what it shows of its progress."""

from __future__ import annotations

import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.cdc.gcp.plugins.action import pipeline
from ansible_collections.cdc.gcp.plugins.plugin_utils import in_process

HOST = {
    "inventory_hostname": "shop",
    "cdc_name": "shop",
    "cdc_project": "shop-prod",
    "cdc_region": "europe-west1",
    "cdc_tables": ["public.orders"],
    "cdc_replication_password": "one",
    "cloudsql_user_password": "two",
    "cloudsql_admin_password": "three",
}


class Ran(Exception):
    """The module was about to run; `args` of the task are what it gets."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., dict[str, t.Any]]:
    """`run(args, **variables)`: the module's arguments, or the action's own result when it does not get that far."""

    def ordinary(self: t.Any, tmp: t.Any = None, task_vars: t.Any = None) -> t.NoReturn:
        raise Ran

    monkeypatch.setattr(in_process.ActionModule, "run", ordinary)

    def call(args: dict[str, t.Any], **variables: t.Any) -> dict[str, t.Any]:
        given = {**HOST, **variables}
        action = pipeline.ActionModule.__new__(pipeline.ActionModule)
        action._connection = SimpleNamespace(transport="ssh")
        action._task = SimpleNamespace(args=args)
        action._templar = Templar(DataLoader(), variables=given)
        try:
            result: dict[str, t.Any] = action.run(None, given)
        except Ran:
            return dict(action._task.args)
        return result

    return call


@pytest.mark.parametrize(
    ("tags", "parts"),
    [
        ({}, ["cloudsql", "pubsub", "iam", "debezium_k8s"]),
        ({"ansible_run_tags": ["all"]}, ["cloudsql", "pubsub", "iam", "debezium_k8s"]),
        ({"ansible_run_tags": ["iam", "pubsub"]}, ["pubsub", "iam"]),
        ({"ansible_run_tags": ["all"], "ansible_skip_tags": ["debezium_k8s"]}, ["cloudsql", "pubsub", "iam"]),
    ],
)
def test_the_tags_of_the_run_select_the_parts(run: t.Any, tags: dict[str, t.Any], parts: list[str]) -> None:
    assert run({}, **tags)["parts"] == parts


def test_a_task_that_names_its_parts_does_not_look_at_tags(run: t.Any) -> None:
    assert run({"parts": ["iam"]}, ansible_run_tags=["pubsub"])["parts"] == ["iam"]


def test_tags_of_somebody_else_select_nothing_and_nothing_runs(run: t.Any) -> None:
    result = run({}, ansible_run_tags=["monitoring"])
    assert (result["skipped"], result["changed"]) == (True, False)


def test_variables_of_the_host_are_templated_and_those_of_the_task_win(run: t.Any) -> None:
    given = {"stage": "prod", "cdc_name": trust_as_template("shop-{{ stage }}"), "cloudsql_tier": "db-g1-small"}
    variables = run({"variables": {"cloudsql_tier": "db-f1-micro"}}, **given)["variables"]
    assert (variables["cdc_name"], variables["cloudsql_tier"]) == ("shop-prod", "db-f1-micro")
    assert "inventory_hostname" not in variables


def test_a_variable_that_comes_to_omit_is_not_given(run: t.Any) -> None:
    assert "cloudsql_tier" not in run({}, cloudsql_tier=trust_as_template("{{ nothing | default(omit) }}"))["variables"]


def test_connection_options_of_the_inventory_are_options_of_the_module_and_the_task_wins(run: t.Any) -> None:
    found = run(
        {"retry_timeout": 5},
        cdc_gcp_options={"auth_kind": "machineaccount", "retry_timeout": 60},
        cdc_kubernetes_options={"context": "production", "kubeconfig": "/etc/kube"},
    )
    assert (found["auth_kind"], found["context"], found["retry_timeout"]) == ("machineaccount", "production", 5)
    assert "cdc_gcp_options" not in found["variables"], "credentials in them would be masked as variables, not as options"


def test_mistakes_in_names_templates_and_values_are_told_at_once_and_nothing_runs(run: t.Any) -> None:
    result = run(
        {},
        cloudsql_teir="db-g1-small",
        cloudsql_admin_password=trust_as_template("{{ vault_admin_password }}"),
        cdc_offsets="disk",
    )
    assert result["failed"]
    assert result["problems"] == [
        "The collection has no variable cloudsql_teir; did you mean cloudsql_tier?",
        "cloudsql_admin_password cannot be templated: 'vault_admin_password' is undefined.",
        "cdc_offsets must be one of jdbc, volume, not 'disk'.",
    ]


def test_progress_is_shown_line_by_line_with_the_hosts_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "progress"
    path.write_text("create topic shop.changes (0.1 s)\ncreate ")
    with path.open() as file, path.open("a") as writer:
        follower = pipeline.Follower(file, "shop")
        follower.show()
        assert capsys.readouterr().out == "[shop] create topic shop.changes (0.1 s)\n"
        writer.write("instance shop-sql (300.0 s)\n")
        writer.flush()
        follower.show()
        assert capsys.readouterr().out == "[shop] create instance shop-sql (300.0 s)\n"


def test_a_module_in_a_process_of_its_own_is_watched_while_it_runs() -> None:
    looked = 0

    def look() -> None:
        nonlocal looked
        looked += 1

    with pipeline.watched(look):
        deadline = 200
        while looked < 2 and deadline:
            deadline -= 1
            pipeline.threading.Event().wait(0.05)
    assert looked >= 2
