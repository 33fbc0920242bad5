# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of a pipeline: one variable moves everything that belongs to it, and parts stand alone."""

from __future__ import annotations

import base64
import json
import re
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.instance_options import Found
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline import context, graph, report
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, Refused
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.graph import GraphError, Known, Result, Step
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan

from .conftest import VARIABLES, run_for

Planned = t.Callable[..., dict[str, Step]]


def text(step: Step) -> str:
    """Everything that a step would send, as text: the plan, its actions, and a Kubernetes object's Secret values decoded."""
    parts = [step.resource.title, repr(step.plan.after), *map(repr, step.plan.actions)]
    manifest = getattr(step.resource, "manifest", None)
    if manifest is not None:
        parts.append(json.dumps(manifest))
        parts += [base64.b64decode(value).decode(errors="replace") for value in manifest.get("data", {}).values()]
    store = getattr(step.resource, "store", None)
    parts.append(str(getattr(store, "name", "")))
    parts.append(" ".join(map(str, getattr(step.resource, "tables", None) or ())))
    for connected in ("options", "login", "admin", "owner"):
        parts.append(repr(getattr(step.resource, connected, "")))
    return "\n".join(parts)


def mentions(steps: dict[str, Step], word: str) -> set[str]:
    """Names of the steps that would send `word`."""
    return {name for name, step in steps.items() if word in text(step)}


INSIDE = {context.REPLICATION_USER, context.DEBEZIUM_TABLES, context.PUBLICATION}
POD = {context.DEPLOYMENT}
NAMESPACED = {context.KEY, context.PROPERTIES, context.DATABASE_SECRET, context.KUBERNETES_ACCOUNT, context.DEPLOYMENT}
AFTER_THE_POD = {context.STREAM, context.STREAMED}
GRANTS = {"grants on topic shop.changes", "grants on topic shop-heartbeat"}

OVERRIDES: list[tuple[str, t.Any, str, str, set[str]]] = [
    # variable, value, what to look for, what must be gone, where it belongs
    ("cdc_instance", "other-sql", "other-sql", "shop-sql", {context.INSTANCE, context.DATABASE, context.APPLICATION_USER}),
    ("cdc_database", "other_db", "other_db", "/shop?", {context.DATABASE, context.PROPERTIES, *INSIDE}),
    (
        "cdc_replication_user",
        "streamer",
        "streamer",
        "role debezium_shop ",
        {context.REPLICATION_USER, context.DEBEZIUM_TABLES, context.DATABASE_SECRET},
    ),
    ("cdc_publication", "my_publication", "my_publication", "publication debezium_shop ", {context.PUBLICATION, context.PROPERTIES}),
    ("cdc_debezium_schema", "streaming", "streaming", "debezium.offsets", {context.DEBEZIUM_TABLES, context.PROPERTIES}),
    ("cdc_offset_table", "my_offsets", "my_offsets", "offsets_shop", {context.DEBEZIUM_TABLES, context.PROPERTIES}),
    (
        "cdc_signal_table",
        "my_signals",
        "debezium.my_signals",
        "signals_shop",
        {context.DEBEZIUM_TABLES, context.PUBLICATION, context.PROPERTIES},
    ),
    ("cdc_ssl_mode", "require", "require", "verify-ca", {context.PROPERTIES, *INSIDE}),
    ("cdc_slot_name", "my_slot", "my_slot", "slot.name=debezium_shop", {context.PROPERTIES}),
    ("cdc_topic_prefix", "my-prefix", "my-prefix", "topic.prefix=shop", {context.PROPERTIES}),
    ("cdc_topic", "all-changes", "all-changes", "shop.changes", {"topic all-changes", "grants on topic all-changes", context.PROPERTIES}),
    ("cdc_heartbeat_topic", "pulse", "pulse", "shop-heartbeat", {"topic pulse", "grants on topic pulse", context.PROPERTIES}),
    ("cdc_notification_topic", "news", "news", "-", {"topic news", "grants on topic news", context.PROPERTIES}),
    ("cdc_service_account", "publisher", "publisher@", "shop-debezium@", {context.SERVICE_ACCOUNT, context.KEY, *GRANTS}),
    ("cdc_namespace", "streams", "streams", '"namespace": "debezium"', {context.NAMESPACE, *NAMESPACED}),
    ("cdc_deployment", "my-server", "my-server", "-", {context.KUBERNETES_ACCOUNT, context.DEPLOYMENT}),
    ("cdc_key_secret", "my-key", "my-key", "shop-debezium-sa", {context.KEY, context.DEPLOYMENT}),
    ("debezium_k8s_properties_secret", "my-props", "my-props", "shop-debezium-props", {context.PROPERTIES, context.DEPLOYMENT}),
    ("debezium_k8s_database_secret", "my-db", "my-db", "shop-debezium-db", {context.DATABASE_SECRET, context.DEPLOYMENT}),
    ("cdc_cloudsql_project", "data-prod", "data-prod", "-", {context.INSTANCE}),
    ("cdc_pubsub_project", "events-prod", "events-prod", "-", {"topic shop.changes", "topic shop-heartbeat", context.PROPERTIES, *GRANTS}),
    ("cdc_iam_project", "people-prod", "people-prod", "@shop-prod", {context.SERVICE_ACCOUNT, context.KEY, *GRANTS}),
]


@pytest.mark.parametrize(("variable", "value", "word", "gone", "where"), OVERRIDES, ids=[override[0] for override in OVERRIDES])
def test_one_variable_moves_everything_that_belongs_to_it(
    planned: Planned, variable: str, value: t.Any, word: str, gone: str, where: set[str]
) -> None:
    steps = planned(**{variable: value})
    assert where <= mentions(steps, word), where - mentions(steps, word)
    assert mentions(steps, gone) == set() or gone == "-", mentions(steps, gone)
    assert mentions(planned(), word) == set(), "what is looked for is there without the variable, too"


def test_offsets_on_a_volume_leave_no_table_and_make_claim_class_and_mount(planned: Planned) -> None:
    steps = planned(cdc_offsets="volume")
    assert mentions(steps, "offsets_shop") == set()
    assert {context.CLAIM, context.STORAGE_CLASS, context.DEPLOYMENT} <= mentions(steps, "shop-debezium-pvc") | {context.STORAGE_CLASS}
    assert mentions(steps, "jdbc") == set()


def test_a_signal_table_with_offsets_on_a_volume_is_made_all_the_same(planned: Planned) -> None:
    steps = planned(cdc_offsets="volume")
    assert {context.DEBEZIUM_TABLES, context.PUBLICATION, context.PROPERTIES} <= mentions(steps, "signals_shop")


def test_an_empty_signal_table_means_none(planned: Planned) -> None:
    assert mentions(planned(cdc_signal_table=""), "signal") == set()
    assert context.DEBEZIUM_TABLES not in planned(cdc_signal_table="", cdc_offsets="volume")


def test_the_signal_table_is_no_pending_table_of_the_user(planned: Planned) -> None:
    steps = planned()
    assert report.plan_lines(Pipeline.from_variables(VARIABLES), Result(steps))[-1].startswith("  Pending: table public.orders ")
    assert report.captured(Pipeline.from_variables(VARIABLES), ["debezium.signals_shop", "public.orders"]) == ["public.orders"]


def test_two_pipelines_of_one_database_share_no_name_in_it(planned: Planned) -> None:
    one = planned(cdc_instance="shared-sql", cdc_database="app", cloudsql_user="app")
    other = planned(cdc_name="web", cdc_instance="shared-sql", cdc_database="app", cloudsql_user="app")
    for node in INSIDE:
        written = {word for action in one[node].plan.actions for word in re.findall(r"[\w.]+shop[\w.]*", repr(action))}
        assert written
        assert not [word for word in written if word in text(other[node])]


def test_with_a_topic_per_table_there_is_a_topic_and_a_grant_for_each_and_none_for_all(planned: Planned) -> None:
    steps = planned(cdc_topic_per_table=True, cdc_tables=["public.orders", "public.items"], cdc_signal_table="sig")
    topics = ("shop.public.orders", "shop.public.items", "shop-heartbeat")
    assert [name for name in steps if name.startswith("topic ")] == [f"topic {topic}" for topic in topics]
    assert [name for name in steps if name.startswith("grants ")] == [f"grants on topic {topic}" for topic in topics]
    assert "debezium.transforms=reroutesignals\n" in text(steps[context.PROPERTIES])


@pytest.mark.parametrize(
    ("identity", "there", "not_there"),
    [
        ("key", {context.SERVICE_ACCOUNT, context.KEY}, {context.WORKLOAD_PROJECT, "impersonation"}),
        ("workload_identity", {context.WORKLOAD_PROJECT}, {context.SERVICE_ACCOUNT, context.KEY, "impersonation"}),
        ("workload_identity_impersonation", {context.SERVICE_ACCOUNT, "impersonation"}, {context.KEY, context.WORKLOAD_PROJECT}),
    ],
)
def test_the_identity_decides_who_gets_the_grants_and_what_the_pod_mounts(
    planned: Planned, identity: str, there: set[str], not_there: set[str]
) -> None:
    steps = planned(cdc_identity=identity)
    assert there <= steps.keys()
    assert not not_there & steps.keys()
    assert ("shop-debezium-sa" in text(steps[context.DEPLOYMENT])) == (identity == "key")
    assert ("cdc.gcp/identity" in text(steps[context.DEPLOYMENT])) == (identity != "key")
    member = "serviceAccount:shop-debezium@" if identity != "workload_identity" else "subject/ns/debezium/sa/shop-debezium"
    assert mentions(steps, member) >= GRANTS


def test_the_principal_of_a_cluster_in_another_project_has_that_projects_pool_and_number(planned: Planned) -> None:
    given = {"cdc_identity": "workload_identity", "iam_workload_pool": "platform.svc.id.goog", "cdc_namespace": "cdc"}
    principal = "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/platform.svc.id.goog/subject/ns/cdc/sa/shop-debezium"
    assert mentions(planned(**given), principal) >= GRANTS
    steps = planned(**given, iam_workload_pool_project_number="7")
    assert context.WORKLOAD_PROJECT not in steps
    assert mentions(steps, principal.replace("projects/42", "projects/7")) >= GRANTS


def test_impersonation_names_the_pods_account_on_both_sides(planned: Planned) -> None:
    steps = planned(cdc_identity="workload_identity_impersonation", cdc_deployment="server")
    assert "serviceAccount:shop-prod.svc.id.goog[debezium/server]" in text(steps["impersonation"])
    annotation = '"iam.gke.io/gcp-service-account": "shop-debezium@shop-prod.iam.gserviceaccount.com"'
    assert annotation in text(steps[context.KUBERNETES_ACCOUNT])
    assert annotation not in text(planned()[context.KUBERNETES_ACCOUNT])


@pytest.mark.parametrize(
    ("parts", "there"),
    [
        (
            ("cloudsql",),
            {context.INSTANCE, context.DATABASE, context.FLAGS, context.APPLICATION_USER, *INSIDE, context.POSITION, context.CAPTURED},
        ),
        (("pubsub",), {"topic shop.changes", "topic shop-heartbeat"}),
        (("iam",), {context.SERVICE_ACCOUNT, *GRANTS, context.NAMESPACE, context.KEY}),
        (("debezium_k8s",), {context.INSTANCE, context.KEY, context.NAMESPACE, *NAMESPACED, context.POSITION, *AFTER_THE_POD}),
    ],
)
def test_a_part_alone_has_its_own_resources_and_looks_at_what_it_needs(planned: Planned, parts: tuple[str, ...], there: set[str]) -> None:
    steps = planned(parts)
    assert set(steps) == there
    looked_at = {name for name, step in steps.items() if step.node.part not in parts and name != context.NAMESPACE}
    assert all(not steps[name].plan.actions for name in looked_at)


def test_an_existing_instance_keeps_what_no_variable_names(planned: Planned) -> None:
    wanted = planned()[context.INSTANCE].resource._wanted
    assert set(wanted.values) == {"region"}
    assert wanted.shared == {"database_flags": {"cloudsql.logical_decoding": "on"}}
    assert set(planned(cloudsql_tier="db-g1-small")[context.INSTANCE].resource._wanted.values) == {"region", "tier"}


EXISTING: dict[str, t.Any] = {
    "name": "shop-sql",
    "region": "europe-west1",
    "databaseVersion": "POSTGRES_16",
    "instanceType": "CLOUD_SQL_INSTANCE",
    "state": "RUNNABLE",
    "settings": {
        "settingsVersion": "7",
        "activationPolicy": "ALWAYS",
        "availabilityType": "REGIONAL",
        "edition": "ENTERPRISE",
        "tier": "db-custom-8-30720",
        "dataDiskType": "PD_HDD",
        "dataDiskSizeGb": "100",
        "maintenanceWindow": {"day": 2, "hour": 3, "updateTrack": "week5"},
        "ipConfiguration": {
            "privateNetwork": "projects/shop-prod/global/networks/prod-vpc",
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
            "authorizedNetworks": [],
        },
        "databaseFlags": [{"name": "cloudsql.logical_decoding", "value": "on"}, {"name": "max_wal_senders", "value": "33"}],
    },
}


def existing(**given: t.Any) -> t.Any:
    """What the pipeline asks of an instance that exists, in a network and with settings of its own."""
    made = {node.name: node for node in graph.nodes(run_for(Pipeline.from_variables({**VARIABLES, **given})))}
    return made[context.INSTANCE].make(Known({}))


def test_nothing_is_sent_to_an_instance_whose_settings_no_variable_names() -> None:
    assert existing().plan(Found(EXISTING)).actions == ()


def test_an_instance_without_logical_decoding_gets_that_flag_and_nothing_else() -> None:
    plain = {**EXISTING, "settings": {**EXISTING["settings"], "databaseFlags": [{"name": "max_wal_senders", "value": "33"}]}}
    found = Found(plain, frozenset({"cloudsql.logical_decoding"}))
    (action,) = existing(cloudsql_restart="allow").plan(found).actions
    assert action.body == {"settings": {"settingsVersion": "7", "databaseFlags": EXISTING["settings"]["databaseFlags"]}}
    assert action.notice.startswith("This restarts instance shop-sql (changes of flag cloudsql.logical_decoding)")
    with pytest.raises(Refused, match=r"would restart instance shop-sql .* Set restart=allow \(cloudsql_restart: allow"):
        existing().plan(found)


def test_the_network_of_an_instance_is_changed_only_by_its_own_variable() -> None:
    given = {"cloudsql_private_network": "other", "cloudsql_restart": "allow"}
    with pytest.raises(Refused, match="cloudsql_allow_network_change: true"):
        existing(**given).plan(Found(EXISTING))
    (action,) = existing(**given, cloudsql_allow_network_change=True).plan(Found(EXISTING)).actions
    wanted = {"privateNetwork": "projects/shop-prod/global/networks/other"}
    assert action.body == {"settings": {"settingsVersion": "7", "ipConfiguration": wanted}}


def test_of_the_flags_at_the_server_those_count_that_a_variable_names_and_the_instance_has() -> None:
    given = {"cloudsql_database_flags": {"max_wal_senders": 33, "max_connections": 100, "work_mem": None}}
    made = {node.name: node for node in graph.nodes(run_for(Pipeline.from_variables({**VARIABLES, **given})))}
    there = made[context.INSTANCE].make(Known({}))
    has = {"cloudsql.logical_decoding": "on", "max_wal_senders": "33", "max_connections": "50", "autovacuum": "off"}
    facts = {"database_flags": has, "private_ip_address": "10.20.0.3"}
    known = Known({context.INSTANCE: Step(made[context.INSTANCE], there, None, Plan({}, {}), facts)})
    resource: t.Any = made[context.FLAGS].make(known)
    assert resource.flags == {"cloudsql.logical_decoding": "on", "max_wal_senders": "33"}
    assert resource.allow_restart is False


def test_an_instance_that_this_run_created_may_be_restarted() -> None:
    made = {node.name: node for node in graph.nodes(run_for(Pipeline.from_variables(VARIABLES)))}
    there = made[context.INSTANCE].make(Known({}))
    step = Step(
        made[context.INSTANCE], there, None, Plan(None, {}, (Action("create instance shop-sql"),)), {"private_ip_address": "10.20.0.3"}
    )
    resource: t.Any = made[context.FLAGS].make(Known({context.INSTANCE: step}))
    assert resource.allow_restart is True


def test_a_restart_for_flags_comes_before_everything_else_in_the_server(planned: Planned) -> None:
    order = list(planned())
    assert order.index(context.INSTANCE) < order.index(context.FLAGS) < order.index(context.APPLICATION_USER)
    needing = {node.name for node in graph.nodes(run_for(Pipeline.from_variables(VARIABLES))) if context.FLAGS in node.needs}
    assert needing >= {context.REPLICATION_USER, context.DEBEZIUM_TABLES, context.PUBLICATION, context.POSITION, context.CAPTURED}


def test_a_new_instance_gets_a_private_address_and_a_maintenance_window(planned: Planned) -> None:
    after = planned()[context.INSTANCE].plan.after or {}
    assert (after["private_network"], after["public_ip"]) == ("projects/shop-prod/global/networks/default", False)
    assert after["maintenance_window"] == {"day": 7, "hour": 12}


def test_user_and_offset_table_are_judged_by_the_names_of_the_pipeline(planned: Planned) -> None:
    steps = planned(cdc_slot_name="my_slot", cdc_topic_prefix="my-prefix")
    assert steps[context.REPLICATION_USER].resource.slot_name == "my_slot"
    assert steps[context.DEBEZIUM_TABLES].resource.topic_prefix == "my-prefix"


RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.mark.parametrize(
    ("given", "labels", "kept"),
    [
        ({}, RESTRICTED, True),
        ({"cdc_namespace_labels": {"team": "data"}}, {"team": "data"}, False),
        ({"cdc_namespace_labels": {}}, {}, False),
    ],
)
def test_only_labels_that_the_user_names_are_put_on_a_namespace_that_exists(
    planned: Planned, given: dict[str, t.Any], labels: dict[str, str], kept: bool
) -> None:
    """Other people's workloads in it would be held to the standard, too."""
    namespace = planned(**given)[context.NAMESPACE].resource
    assert (namespace.manifest["metadata"]["labels"], namespace.keep_existing) == (labels, kept)


def test_grants_publication_pod_joining_tables_and_the_wait_for_the_stream_come_in_this_order(planned: Planned) -> None:
    order = list(planned())
    story = [context.REPLICATION_USER, context.PUBLICATION, context.CAPTURED, context.DEPLOYMENT, context.JOINING, context.STREAM]
    assert [name for name in order if name in story] == story
    assert order.index(context.KEY) < order.index(context.DEPLOYMENT)


def test_the_publication_knows_who_reads_the_tables_and_which_need_no_key(planned: Planned) -> None:
    steps = planned(cdc_replication_user="streamer", cloudsql_keyless_partitioned_tables=["public.orders"])
    publication = steps[context.PUBLICATION].resource
    assert (publication.replication_user, list(map(str, publication.keyless_partitioned))) == ("streamer", ["public.orders"])


def test_mistakes_that_only_a_resource_can_see_are_told_together_and_before_any_request() -> None:
    given = {
        "pubsub_message_retention_duration": "a week",
        "cloudsql_database_version": "MYSQL_8",
        "debezium_k8s_image": "quay.io/debezium/server:latest",
        "debezium_k8s_trust_store_file": "/nowhere",
        "debezium_k8s_properties": {"debezium.source.slot.name": "x"},
        "iam_topic_roles": ["publisher"],
    }
    with pytest.raises(GraphError) as caught:
        graph.check(run_for(Pipeline.from_variables({**VARIABLES, **given})))
    found = caught.value.details["problems"]
    for part in (
        "POSTGRES_16",
        "message_retention_duration",
        "roles/pubsub.publisher",
        "debezium.source.slot.name cannot be set to 'x'",
        "/nowhere cannot be read",
        "latest",
    ):
        assert any(part in sentence for sentence in found), (part, found)
    assert len(found) == 6


def test_a_part_that_needs_what_is_not_there_says_which_part_makes_it() -> None:
    run = run_for(Pipeline.from_variables(VARIABLES, ("debezium_k8s",)), ("debezium_k8s",), check_mode=False)
    nodes = {node.name: node for node in graph.nodes(run)}
    with pytest.raises(Refused, match="Instance shop-sql does not exist or has no address; provision the part cloudsql first"):
        nodes[context.PROPERTIES].make(Known({}))


@pytest.mark.parametrize("variable", ["iam_key_name", "cloudsql_instance", "pubsub_topic"])
def test_a_former_name_of_a_variable_is_told(variable: str) -> None:
    from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import unknown

    errors, warnings = unknown([variable])
    assert any(variable in sentence for sentence in (*errors, *warnings))


def test_bad_values_of_connection_options_are_told() -> None:
    with pytest.raises(InvalidInput, match="sql_endpoint must be a root URL"):
        run_for(Pipeline.from_variables({**VARIABLES, "cdc_gcp_options": {"sql_endpoint": "localhost"}}))
