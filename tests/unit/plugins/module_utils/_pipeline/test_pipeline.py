# SPDX-License-Identifier: GPL-3.0-or-later
"""The value that a host's variables make: every name, and a sentence for each mistake."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

VARIABLES: dict[str, t.Any] = {
    "cdc_name": "shop",
    "cdc_project": "shop-prod",
    "cdc_region": "europe-west1",
    "cdc_tables": ["public.orders", 'public."Customer"'],
    "cdc_replication_password": "replication secret",
    "cloudsql_user_password": "user secret",
    "cloudsql_admin_password": "admin secret",
}


def pipeline(**given: t.Any) -> Pipeline:
    return Pipeline.from_variables({**VARIABLES, **given})


def problems(parts: tuple[str, ...] = ("cloudsql", "pubsub", "iam", "debezium_k8s"), **given: t.Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        Pipeline.from_variables({**VARIABLES, **given}, parts)
    found: list[str] = caught.value.details["problems"]
    return found


def test_every_name_follows_from_the_pipelines() -> None:
    found = pipeline(cdc_name="web-shop")
    assert {name: found[name] for name in found.values if re.search("web.shop", str(found[name]))} == {
        "cdc_name": "web-shop",
        "cdc_instance": "web-shop-sql",
        "cdc_database": "web-shop",
        "cdc_replication_user": "debezium_web_shop",
        "cdc_publication": "debezium_web_shop",
        "cdc_offset_table": "offsets_web_shop",
        "cdc_signal_table": "signals_web_shop",
        "cdc_topic_prefix": "web-shop",
        "cdc_slot_name": "debezium_web_shop",
        "cdc_topic": "web-shop.changes",
        "cdc_heartbeat_topic": "web-shop-heartbeat",
        "cdc_service_account": "web-shop-debezium",
        "cdc_deployment": "web-shop-debezium",
        "cdc_key_secret": "web-shop-debezium-sa",
        "cloudsql_user": "web-shop",
        "debezium_k8s_properties_secret": "web-shop-debezium-props",
        "debezium_k8s_database_secret": "web-shop-debezium-db",
        "debezium_k8s_trust_secret": "web-shop-debezium-trust",
        "debezium_k8s_claim": "web-shop-debezium-pvc",
    }


@pytest.mark.parametrize(
    ("given", "topics"),
    [
        ({}, ("shop.changes", "shop-heartbeat")),
        ({"cdc_topic": "all", "cdc_heartbeat_topic": "beat"}, ("all", "beat")),
        ({"cdc_notification_topic": "news"}, ("shop.changes", "shop-heartbeat", "news")),
        ({"cdc_topic_per_table": True, "cdc_signal_table": ""}, ("shop.public.orders", "shop.public.Customer", "shop-heartbeat")),
        (
            {"cdc_topic_per_table": "true", "cdc_topic_prefix": "p", "cdc_signal_table": "signals"},
            ("p.public.orders", "p.public.Customer", "shop-heartbeat"),
        ),
    ],
)
def test_topics_are_all_that_debezium_publishes_to(given: dict[str, t.Any], topics: tuple[str, ...]) -> None:
    assert pipeline(**given).topics == topics


@pytest.mark.parametrize(
    ("identity", "email"),
    [
        ("key", "shop-debezium@shop-prod.iam.gserviceaccount.com"),
        ("workload_identity_impersonation", "shop-debezium@shop-prod.iam.gserviceaccount.com"),
        ("workload_identity", None),
    ],
)
def test_without_a_service_account_there_is_no_email(identity: str, email: str | None) -> None:
    assert pipeline(cdc_identity=identity).service_account_email == email


def test_the_email_of_a_domain_scoped_project_has_the_domain_last() -> None:
    assert (
        pipeline(cdc_project="example.com:shop-prod").service_account_email == "shop-debezium@shop-prod.example.com.iam.gserviceaccount.com"
    )


def test_the_stream_is_database_topic_prefix_slot_and_offset_storage() -> None:
    assert pipeline().stream == {
        "instance": "shop-prod:shop-sql",
        "database": "shop",
        "topic prefix": "shop",
        "slot": "debezium_shop",
        "offsets in": "table debezium.offsets_shop",
    }
    assert pipeline(cdc_offsets="volume").stream["offsets in"] == "claim shop-debezium-pvc"


def test_text_from_the_command_line_means_what_it_says() -> None:
    found = pipeline(cdc_topic_per_table="false", cloudsql_disk_size_gb="20", cdc_tables="public.orders,public.items")
    assert (found["cdc_topic_per_table"], found["cloudsql_disk_size_gb"], found.tables) == (False, 20, ("public.orders", "public.items"))


def test_passwords_do_not_show() -> None:
    assert "secret" not in repr(pipeline()) + str(pipeline()["cdc_replication_password"])


def test_names_have_no_password() -> None:
    assert not {"replication secret", "user secret", "admin secret"}.intersection(map(str, pipeline().names().values()))


def test_five_mistakes_are_five_sentences() -> None:
    assert problems(
        cdc_region=["europe-west1"],
        cdc_offsets="disk",
        cdc_topic="my topic",
        cloudsql_disk_size_gb="big",
        cloudsql_user_password="",
    ) == [
        "cdc_region must be a string, not ['europe-west1'].",
        "cdc_offsets must be one of jdbc, volume, not 'disk'.",
        "cloudsql_disk_size_gb must be a whole number, not 'big'.",
        "cloudsql_user_password is empty.",
        "cdc_topic 'my topic' is not a Pub/Sub topic id: 3 to 255 letters, digits and -._~+%, a letter first, not beginning with goog.",
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cdc_name": None}, "cdc_name is not set, and has no default."),
        ({"cdc_name": "Shop"}, "cdc_name 'Shop' must be at most 50 lower-case letters"),
        ({"cdc_name": "a-name-of-25-characters-x"}, "cdc_service_account 'a-name-of-25-characters-x-debezium' has 34 characters"),
        ({"cdc_project": "123456789012"}, "cdc_project '123456789012' is not a project id"),
        ({"cdc_region": "Europe"}, "cdc_region 'Europe' is not a region like europe-west1."),
        ({"cdc_region": True}, "cdc_region must be a string, not True."),
        ({"cdc_tables": []}, "cdc_tables is empty."),
        ({"cdc_tables": ["orders"]}, "cdc_tables: Table 'orders' is not schema.table"),
        ({"cdc_tables": ['public."a,b"']}, "because Debezium cannot list a name with a comma"),
        ({"cdc_tables": ["public.*"]}, "looks like a regular expression"),
        ({"cloudsql_keyless_partitioned_tables": ["public.log"]}, "public.log is not one of cdc_tables."),
        ({"cdc_instance": "Shop_SQL"}, "cdc_instance 'Shop_SQL' must be lower-case letters"),
        ({"cdc_instance": "i" * 97}, "cdc_instance must have no more than 98 characters"),
        ({"cdc_database": ""}, "cdc_database must be 1 to 63 bytes long, not 0."),
        ({"cdc_replication_user": "postgres"}, "cdc_replication_user must be a user of its own"),
        ({"cdc_replication_user": "shop"}, "cdc_replication_user must be a user of its own"),
        ({"cdc_replication_user": "postgres", "cloudsql_admin_user": "boss"}, "cdc_replication_user must not be postgres, a role of"),
        ({"cdc_replication_user": "pg_monitor"}, "cdc_replication_user must not be pg_monitor, a role of Cloud SQL or PostgreSQL itself."),
        ({"cdc_replication_user": "cloudsqlreplica"}, "cdc_replication_user must not be cloudsqlreplica, a role of"),
        ({"cloudsql_user": "cloudsqladmin"}, "cloudsql_user must not be cloudsqladmin, a role of Cloud SQL or PostgreSQL itself"),
        ({"cloudsql_user": "pg_evil"}, "cloudsql_user must not be pg_evil"),
        ({"cloudsql_admin_user": "cloudsqlsuperuser"}, "cloudsql_admin_user must not be cloudsqlsuperuser"),
        ({"cloudsql_user": "postgres"}, "cloudsql_user must not be postgres, the administrator that Cloud SQL makes. If it owns"),
        ({"cloudsql_user": "postgres", "cloudsql_admin_user": "boss"}, "cloudsql_admin_user must be postgres as well"),
        ({"cloudsql_user": "boss", "cloudsql_admin_user": "boss"}, "are both boss, so their passwords must be the same."),
        ({"cdc_database": "template1"}, "cdc_database must not be template1, a database of Cloud SQL or PostgreSQL itself."),
        ({"cdc_database": "cloudsqladmin"}, "cdc_database must not be cloudsqladmin"),
        ({"cdc_debezium_schema": "pg_catalog"}, "cdc_debezium_schema must not be pg_catalog, a schema of PostgreSQL itself."),
        ({"cdc_debezium_schema": "information_schema"}, "cdc_debezium_schema must not be information_schema"),
        ({"cdc_tables": ["pg_catalog.pg_class"]}, "cdc_tables: pg_catalog.pg_class cannot be captured, because PostgreSQL publishes no"),
        ({"cdc_tables": ["information_schema.tables"]}, "cdc_tables: information_schema.tables cannot be captured"),
        ({"cdc_tables": ["debezium.offsets_shop"]}, "each change of an offset would make an event, and each event an offset."),
        ({"cdc_replication_password": 1.5}, ""),
        ({"cdc_slot_name": "Slot"}, "cdc_slot_name 'Slot' must be of lower-case letters"),
        ({"cdc_offset_table": "my-table"}, "because Debezium does not quote it"),
        ({"cdc_signal_table": "offsets_shop"}, "must be two tables"),
        ({"cdc_heartbeat_topic": "shop.changes"}, "cdc_heartbeat_topic must not be shop.changes, the topic of the changes."),
        ({"cdc_heartbeat_topic": "shop.heartbeat"}, "cdc_heartbeat_topic must not begin with shop., because"),
        ({"cdc_notification_topic": "shop-heartbeat"}, "must be two topics"),
        ({"cdc_namespace": "My_Namespace"}, "cdc_namespace 'My_Namespace' is not a Kubernetes name"),
        ({"cdc_key_secret": "shop-debezium-db"}, "must be two Secrets"),
        ({"cdc_gcp_options": {"auth_knd": "application"}}, "cdc_gcp_options has no option auth_knd; did you mean auth_kind?"),
        ({"cdc_kubernetes_options": {"kubconfig": "x"}}, "cdc_kubernetes_options has no option kubconfig; did you mean kubeconfig?"),
        ({"cloudsql_database_flags": {"cloudsql.logical_decoding": "off"}}, "must not switch cloudsql.logical_decoding off"),
        ({"cloudsql_database_flags": {"max_connections": [1]}}, "the value of max_connections must be text"),
        ({"cloudsql_timeout": 0}, "cloudsql_timeout is in seconds and must be 1 or more, not 0."),
        ({"debezium_k8s_heartbeat_interval_ms": 0}, "must be positive"),
        ({"debezium_k8s_snapshot_mode": "always"}, "must be one of initial, no_data, when_needed"),
        ({"iam_workload_pool": "platform"}, "iam_workload_pool 'platform' must be like my-project.svc.id.goog."),
        ({"pubsub_subscriptions": [{"topic": "x"}]}, "missing required arguments: name"),
        ({"cdc_topic_per_table": True, "pubsub_subscriptions": [{"name": "reader"}]}, "pubsub_subscriptions: reader needs topic"),
    ],
)
def test_a_mistake_is_told_by_the_name_of_its_variable(given: dict[str, t.Any], sentence: str) -> None:
    if not sentence:
        assert pipeline(**given)["cdc_replication_password"].reveal() == "1.5"
        return
    found = problems(**given)
    assert len(found) == 1, found
    assert sentence in found[0]


@pytest.mark.parametrize(
    "given",
    [
        {"cloudsql_user": "postgres", "cloudsql_user_password": "admin secret"},
        {"cdc_database": "postgres"},
        {"cloudsql_user": "cloudsql_app", "cdc_replication_user": "cloudsql-reader", "cloudsql_admin_user": "pgadmin"},
        {"cdc_tables": ["debezium.offsets_shop"], "cdc_offsets": "volume"},
        {"cdc_tables": ['"PG_x".orders']},
    ],
)
def test_names_that_only_resemble_those_of_the_server_are_fine(given: dict[str, t.Any]) -> None:
    assert {name: pipeline(**given)[name] for name in given if "password" not in name} == {
        name: value for name, value in given.items() if "password" not in name
    }


def test_a_wrong_password_is_never_shown() -> None:
    assert problems(cloudsql_user_password=["hunter2"]) == ["cloudsql_user_password must be a string, not that value."]


def test_a_part_needs_only_its_own_variables() -> None:
    few = {name: VARIABLES[name] for name in ("cdc_name", "cdc_project", "cdc_tables")}
    assert Pipeline.from_variables(few, ["pubsub"]).topics == ("shop.changes", "shop-heartbeat")
    with pytest.raises(InvalidInput) as caught:
        Pipeline.from_variables(few, ["debezium_k8s"])
    assert caught.value.details["problems"] == ["cdc_replication_password is not set, and has no default."]
    assert problems(("pubsub", "debezium")) == ["parts has no debezium; it knows cloudsql, pubsub, iam, debezium_k8s."]
