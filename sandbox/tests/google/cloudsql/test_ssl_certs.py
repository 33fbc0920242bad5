"""Certificates of an instance: that of its server's CA, and those with which clients identify themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cdc_sandbox.google.types import Json
from cloudsql_client import INSTANCES, PASSWORD, create, done, refused, temporary_settings
from standin_client import StandIn, running

CERTS = f"{INSTANCES}/strict/sslCerts"


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with temporary_settings("84") as settings, running(settings) as standin:
        yield standin


@pytest.fixture(scope="module")
def strict(cloud: StandIn) -> Json:
    """An instance that lets in only who has a certificate."""
    return create(cloud, "strict", ipConfiguration={"sslMode": "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"})


@pytest.fixture(scope="module")
def client(cloud: StandIn, strict: Json) -> Json:
    """The answer to the insert of a certificate."""
    return cloud.good("POST", CERTS, {"commonName": "debezium"})


def test_server_cas_are_listed(cloud: StandIn, strict: Json) -> None:
    answer = cloud.good("GET", f"{INSTANCES}/strict/listServerCas")
    assert answer["kind"] == "sql#instancesListServerCas"
    assert answer["certs"] == [strict["serverCaCert"]]
    assert answer["activeVersion"] == strict["serverCaCert"]["sha1Fingerprint"]


def test_a_certificate_and_its_key_come_once(cloud: StandIn, client: Json) -> None:
    info = client["clientCert"]["certInfo"]
    assert (client["kind"], info["commonName"], info["instance"]) == ("sql#sslCertsInsert", "debezium", "strict")
    assert client["operation"]["status"] == "DONE"
    assert cloud.good("GET", CERTS) == {"kind": "sql#sslCertsList", "items": [info]}
    assert cloud.good("GET", f"{CERTS}/{info['sha1Fingerprint']}") == info
    assert refused(cloud.call("GET", f"{CERTS}/absent"))[0] == 404
    key = client["clientCert"]["certPrivateKey"].splitlines()[1]
    files = [path for path in cloud.settings.state.glob("google/**/*") if path.is_file()]
    assert [path for path in files if key in path.read_text()] == []
    assert key not in str(cloud.control("GET", "requests"))


def test_the_certificate_opens_the_server(strict: Json, client: Json, tmp_path: Path) -> None:
    host = strict["ipAddresses"][0]["ipAddress"]
    login = f"host={host} user=postgres password={PASSWORD} dbname=postgres"
    with pytest.raises(psycopg.OperationalError, match="valid client certificate"):
        psycopg.connect(f"{login} sslmode=require").close()
    for name, text in (("ca", client["serverCaCert"]["cert"]), ("cert", client["clientCert"]["certInfo"]["cert"])):
        (tmp_path / f"{name}.pem").write_text(text)
    key = tmp_path / "key.pem"
    key.touch(mode=0o600)
    key.write_text(client["clientCert"]["certPrivateKey"])
    files = f"sslrootcert={tmp_path}/ca.pem sslcert={tmp_path}/cert.pem sslkey={key}"
    deadline = time.monotonic() + 10
    while True:  # the server takes the CA of its clients at a reload, which it is told of and does not answer
        try:
            psycopg.connect(f"{login} sslmode=verify-ca {files}").close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
        else:
            break


def test_a_second_certificate_and_a_change_of_the_instance_leave_the_first_good(cloud: StandIn, strict: Json, client: Json) -> None:
    second = cloud.good("POST", CERTS, {"commonName": "other"})["clientCert"]["certInfo"]
    done(cloud, "PATCH", "/strict", {"settings": {"databaseFlags": [{"name": "work_mem", "value": "8192"}]}})
    found = [item["sha1Fingerprint"] for item in cloud.good("GET", CERTS)["items"]]
    assert found == [client["clientCert"]["certInfo"]["sha1Fingerprint"], second["sha1Fingerprint"]]
    settings = (cloud.settings.state / "postgresql/strict/data/postgresql.conf").read_text()
    assert "client-ca.crt" in settings


@pytest.mark.parametrize("name", ["", "x" * 65, "debezium"])
def test_names_that_are_refused(cloud: StandIn, client: Json, name: str) -> None:
    assert refused(cloud.call("POST", CERTS, {"commonName": name}))[0] in (400, 409)
    assert cloud.call("POST", CERTS, {"commonName": "looking"}, session=cloud.viewer).status_code == 403
