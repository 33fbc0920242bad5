"""Users, databases and executeSql of the stand-in: what the API makes is there in PostgreSQL, with Cloud SQL's rights and refusals."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from cdc_sandbox.google.types import Json
from cdc_sandbox.postgresql.cluster import Cluster
from cloudsql_client import INSTANCES, OPERATIONS, create, done, query, refused, temporary_settings
from recorded import BYTES, differences
from standin_client import StandIn, running

USERS, DATABASES = f"{INSTANCES}/orders/users", f"{INSTANCES}/orders/databases"
IAM_USER = "owner@demo-project.iam"


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with temporary_settings("81") as settings, running(settings) as standin:
        yield standin


@pytest.fixture(scope="module")
def orders(cloud: StandIn) -> Json:
    return create(cloud, "orders", dataApiAccess="ALLOW_DATA_API", databaseFlags=[{"name": "cloudsql.iam_authentication", "value": "on"}])


def names(cloud: StandIn, path: str) -> list[str]:
    return [item["name"] for item in cloud.good("GET", path)["items"]]


def test_a_user_is_a_role_with_cloud_sqls_rights(cloud: StandIn, orders: Json) -> None:
    user = {"kind": "sql#user", "etag": BYTES, "name": "postgres", "host": "", "instance": "orders", "project": "demo-project"}
    assert differences({"kind": "sql#usersList", "items": [user]}, cloud.good("GET", USERS)) == []
    operation = cloud.good("POST", USERS, {"name": "app", "password": "made-up-1"})
    assert (operation["status"], operation["operationType"]) == ("DONE", "CREATE_USER")
    assert names(cloud, USERS) == ["app", "postgres"]
    attributes = "SELECT ARRAY[rolsuper, rolcreaterole, rolcreatedb, rolreplication] FROM pg_roles WHERE rolname = current_user"
    assert query(orders, attributes, "app", "made-up-1") == [False, True, True, False]
    assert query(orders, "SELECT pg_has_role('cloudsqlsuperuser', 'MEMBER')", "app", "made-up-1") is True


def test_a_password_is_changed(cloud: StandIn, orders: Json) -> None:
    done(cloud, "POST", "/orders/users", {"name": "changing", "password": "made-up-1"})
    assert cloud.good("PUT", f"{USERS}?name=changing", {"password": "made-up-2"})["operationType"] == "UPDATE_USER"
    assert query(orders, "SELECT 1", "changing", "made-up-2") == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        query(orders, "SELECT 1", "changing", "made-up-1")


def test_database_roles(cloud: StandIn, orders: Json) -> None:
    done(cloud, "POST", "/orders/users", {"name": "reader", "password": "made-up-1", "databaseRoles": ["pg_read_all_data"]})
    member = "SELECT ARRAY[pg_has_role('pg_read_all_data', 'MEMBER'), pg_has_role('cloudsqlsuperuser', 'MEMBER')]"
    assert query(orders, member, "reader", "made-up-1") == [True, False]
    done(cloud, "PUT", "/orders/users?name=reader&databaseRoles=cloudsqlsuperuser&revokeExistingRoles=true", {})
    assert query(orders, member, "reader", "made-up-1") == [False, True]
    status, _, message = refused(cloud.call("POST", USERS, {"name": "other", "databaseRoles": ["nobody"]}))
    assert status == 400
    assert 'role "nobody" does not exist' in message


def test_a_user_goes_away_unless_it_owns_something(cloud: StandIn, orders: Json) -> None:
    done(cloud, "POST", "/orders/users", {"name": "owner", "password": "made-up-1"})
    host = orders["ipAddresses"][0]["ipAddress"]
    with psycopg.connect(host=host, user="owner", password="made-up-1", dbname="postgres") as connection:
        connection.execute("CREATE TABLE mine (id int)")
    status, reason, message = refused(cloud.call("DELETE", f"{USERS}?name=owner"))
    assert (status, reason) == (400, "invalid")
    assert 'failed to delete user owner: . role "owner" cannot be dropped because some objects depend on it' in message
    with psycopg.connect(host=host, user="owner", password="made-up-1", dbname="postgres") as connection:
        connection.execute("DROP TABLE mine")
    done(cloud, "DELETE", "/orders/users?name=owner&host=")
    assert cloud.call("GET", f"{USERS}/owner").status_code == 404
    assert cloud.call("DELETE", f"{USERS}?name=owner").status_code == 404


@pytest.mark.parametrize("content", [{"name": "postgres"}, {"name": "cloudsqladmin"}, {"name": "app2", "host": "%"}, {"name": ""}])
def test_users_that_are_refused(cloud: StandIn, orders: Json, content: Json) -> None:
    before = names(cloud, USERS)
    assert refused(cloud.call("POST", USERS, {"password": "made-up", **content}))[:2] == (400, "invalid")
    assert names(cloud, USERS) == before


def test_a_database_belongs_to_cloudsqlsuperuser(cloud: StandIn, orders: Json) -> None:
    assert names(cloud, DATABASES) == ["postgres"]
    operation = cloud.good("POST", DATABASES, {"name": "shop", "charset": "utf8"})
    assert (operation["status"], operation["operationType"]) == ("DONE", "CREATE_DATABASE")
    shop = {
        "kind": "sql#database",
        "etag": BYTES,
        "name": "shop",
        "charset": "UTF8",
        "collation": "en_US.UTF8",
        "instance": "orders",
        "project": "demo-project",
        "selfLink": f"{cloud.url}{DATABASES}/shop",
    }
    assert differences(shop, cloud.good("GET", f"{DATABASES}/shop")) == []
    assert query(orders, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'") == "cloudsqlsuperuser"
    status, _, message = refused(cloud.call("POST", DATABASES, {"name": "shop"}))
    assert (status, message) == (400, 'Invalid request: failed to create database shop. Detail: pq: database "shop" already exists.')
    assert cloud.good("PATCH", f"{DATABASES}/shop", {"charset": "UTF8"})["operationType"] == "UPDATE_DATABASE"
    assert refused(cloud.call("PATCH", f"{DATABASES}/shop", {"collation": "de_DE.UTF8"}))[:2] == (400, "invalid")


def test_a_database_in_use_stays(cloud: StandIn, orders: Json) -> None:
    done(cloud, "POST", "/orders/databases", {"name": "busy"})
    with psycopg.connect(host=orders["ipAddresses"][0]["ipAddress"], user="postgres", password="made-up-of-postgres", dbname="busy"):
        status, _, message = refused(cloud.call("DELETE", f"{DATABASES}/busy"))
    assert status == 400
    assert 'database "busy" is being accessed by other users' in message
    done(cloud, "DELETE", "/orders/databases/busy")
    answer = cloud.call("GET", f"{DATABASES}/busy")
    assert refused(answer) == (404, "notFound", "Not Found")
    assert answer.json()["error"]["status"] == "NOT_FOUND"


def test_a_server_that_does_not_answer_is_not_running(cloud: StandIn, orders: Json) -> None:
    """As between the check that the server runs and the connection to it, when somebody restarts it."""
    (socket,) = (path for path in Cluster(cloud.settings, "orders").socket_folder.iterdir() if path.name.endswith("5432"))
    moved = socket.rename(socket.with_name("moved"))
    expected = (400, "invalid", "Invalid request since instance is not running.")
    try:
        for method, path, content in (
            ("GET", USERS, None),
            ("GET", f"{DATABASES}/postgres", None),
            ("POST", USERS, {"name": "late", "password": "x"}),
            ("POST", DATABASES, {"name": "late"}),
            ("DELETE", f"{DATABASES}/postgres", None),
        ):
            assert refused(cloud.call(method, path, content)) == expected, (method, path)
    finally:
        moved.rename(socket)
    assert "late" not in names(cloud, USERS) + names(cloud, DATABASES)


def test_reads_during_restarts(cloud: StandIn, orders: Json) -> None:
    codes: Counter[int] = Counter()
    for _ in range(3):
        operation = cloud.good("POST", f"{INSTANCES}/orders/restart")
        assert refused(cloud.call("POST", USERS, {"name": "late", "password": "x"}))[:2] == (409, "operationInProgress")
        while operation["status"] != "DONE":
            codes.update(cloud.call("GET", path).status_code for path in (USERS, f"{DATABASES}/postgres"))
            operation = cloud.good("GET", f"{OPERATIONS}/{operation['name']}")
    assert set(codes) <= {200, 400}, codes
    assert codes[400], "the server was away for a while"


def test_execute_sql_runs_as_the_calling_iam_user(cloud: StandIn, orders: Json) -> None:
    path = f"{INSTANCES}/orders/executeSql"
    payload: Json = {"database": "postgres", "autoIamAuthn": True}
    statement = {**payload, "sqlStatement": "SELECT session_user, NULL::int AS nothing; SELECT 2 AS two"}
    assert refused(cloud.call("POST", path, statement))[0] == 403
    done(cloud, "POST", "/orders/users", {"name": IAM_USER, "type": "CLOUD_IAM_SERVICE_ACCOUNT"})
    listed = next(item for item in cloud.good("GET", USERS)["items"] if item["name"] == IAM_USER)
    assert listed["type"] == "CLOUD_IAM_SERVICE_ACCOUNT"
    first, second = cloud.good("POST", path, statement)["results"]
    assert [column["name"] for column in first["columns"]] == ["session_user", "nothing"]
    assert first["rows"] == [{"values": [{"value": IAM_USER}, {"nullValue": True}]}]
    assert second["rows"] == [{"values": [{"value": "2"}]}]
    limited = cloud.good("POST", path, {**payload, "sqlStatement": "SELECT generate_series(1, 5)", "rowLimit": "2"})["results"][0]
    assert (len(limited["rows"]), limited["partialResult"]) == (2, True)


def test_execute_sql_with_a_password_out_of_a_secret(cloud: StandIn, orders: Json) -> None:
    path, secrets = f"{INSTANCES}/orders/executeSql", "projects/demo-project/locations/europe-west1/secrets"
    done(cloud, "POST", "/orders/users", {"name": "migrator", "password": "of-the-migrator"})
    cloud.good("POST", f"/v1/{secrets}?secretId=migrator", {})
    for password in ("of-the-migrator", "another"):
        data = base64.b64encode(password.encode()).decode()
        cloud.good("POST", f"/v1/{secrets}/migrator:addVersion", {"payload": {"data": data}})
    payload = {"database": "postgres", "user": "migrator", "sqlStatement": "SELECT session_user"}
    version = f"{secrets}/migrator/versions/1"
    answer = cloud.good("POST", path, {**payload, "passwordSecretVersion": version})
    assert answer["results"][0]["rows"] == [{"values": [{"value": "migrator"}]}]
    wrong = cloud.good("POST", path, {**payload, "passwordSecretVersion": f"{secrets}/migrator/versions/2"})
    assert "password authentication failed" in wrong["status"]["message"]
    for change in (
        {},
        {"passwordSecretVersion": version.replace("europe-west1", "us-central1")},
        {"passwordSecretVersion": "projects/demo-project/secrets/migrator/versions/1"},
        {"passwordSecretVersion": version, "user": ""},
        {"passwordSecretVersion": version, "application": "not allowed"},
    ):
        assert refused(cloud.call("POST", path, {**payload, **change}))[0] == 400, change
    missing = cloud.call("POST", path, {**payload, "passwordSecretVersion": f"{secrets}/absent/versions/1"})
    assert missing.status_code == 404
    assert "of-the-migrator" not in str(cloud.control("GET", "requests"))


def test_an_sql_error_is_an_answer_with_a_status(cloud: StandIn, orders: Json) -> None:
    path = f"{INSTANCES}/orders/executeSql"
    answer = cloud.good("POST", path, {"database": "postgres", "autoIamAuthn": True, "sqlStatement": "SELECT * FROM pg_authid"})
    assert answer["status"]["code"] != 0
    assert "permission denied for table pg_authid" in answer["status"]["message"]
