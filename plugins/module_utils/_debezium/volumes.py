# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debezium Server's pod mounts, and the variables that point at it.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Json = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

PROPERTIES_FILE = "/debezium/config/application.properties"
DATABASE_DIRECTORY = "/debezium/external/db"
CREDENTIALS_DIRECTORY = "/debezium/external/gcp"
TRUST_DIRECTORY = "/debezium/external/trust"
DATA_DIRECTORY = "/debezium/data"

READABLE_BY_GROUP = 0o440
"""Mode of mounted Secrets: fsGroup makes them readable by the server's group."""


@dataclass(frozen=True)
class Mount:
    """One volume and where the server finds it."""

    volume: Json
    mount: Json


def mounts(params: Params) -> list[Mount]:
    """Every volume that the options ask for, in a stable order, the user's own last."""
    found = [
        # One file by subPath: a mount over the whole folder would hide what the image ships there.
        _secret("config", params["properties_secret"], PROPERTIES_FILE, sub_path="application.properties"),
        Mount({"name": "tmp", "emptyDir": {}}, {"name": "tmp", "mountPath": "/tmp"}),  # noqa: S108 - a path in the pod
    ]
    if params["database_ca_key"]:
        found.append(_secret("db-ca", params["database_secret"], DATABASE_DIRECTORY, key=params["database_ca_key"], path="server-ca.pem"))
    if params["credentials_secret"]:
        found.append(_secret("gcp-key", params["credentials_secret"], CREDENTIALS_DIRECTORY, key="key.json", path="key.json"))
    if params["trust_store_secret"]:
        key = params["trust_store_key"]
        found.append(_secret("trust", params["trust_store_secret"], TRUST_DIRECTORY, key=key, path=key))
    if params["offsets_claim"]:
        volume = {"name": "data", "persistentVolumeClaim": {"claimName": params["offsets_claim"]}}
        found.append(Mount(volume, {"name": "data", "mountPath": DATA_DIRECTORY}))
    return found


def variables(params: Params) -> list[Json]:
    """The server's environment: what the options need, then the user's own by name."""
    secret = params["database_secret"]
    # Of 1 GiB, Java and gRPC need 220 MB beside the heap while large rows are sent: with 70 %, the kernel may end the process.
    java = ["-XX:MaxRAMPercentage=60", "-XX:+ExitOnOutOfMemoryError"]
    found = [
        {"name": "OTEL_ENABLED", "value": "false"},
        _from_secret("PG_USER", secret, "user"),
        _from_secret("PG_PASSWORD", secret, "password"),
    ]
    if params["metrics_port"]:
        found.append({"name": "JMX_EXPORTER_PORT", "value": str(params["metrics_port"])})
    if params["credentials_secret"]:
        found.append({"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": f"{CREDENTIALS_DIRECTORY}/key.json"})
    if params["trust_store_secret"]:
        java.append(f"-Djavax.net.ssl.trustStore={TRUST_DIRECTORY}/{params['trust_store_key']}")
        if params["trust_store_password_key"]:
            # Kubernetes puts a variable that was defined before into $(NAME): the manifest never has the password.
            found.append(_from_secret("TRUST_STORE_PASSWORD", params["trust_store_secret"], params["trust_store_password_key"]))
            java.append("-Djavax.net.ssl.trustStorePassword=$(TRUST_STORE_PASSWORD)")
    # Heap flags belong here: JAVA_OPTS is overwritten by the image when JMX is switched on.
    found.append({"name": "DEBEZIUM_OPTS", "value": " ".join([*java, *params["java_options"]])})
    return [*found, *({"name": name, "value": str(value)} for name, value in sorted(params["environment"].items()))]


def _secret(name: str, secret: str, path_in_pod: str, sub_path: str = "", key: str = "", path: str = "") -> Mount:
    items = [{"key": key or sub_path, "path": path or sub_path}]
    volume = {"name": name, "secret": {"secretName": secret, "defaultMode": READABLE_BY_GROUP, "items": items}}
    mount = {"name": name, "mountPath": path_in_pod, "readOnly": True}
    return Mount(volume, {**mount, "subPath": sub_path} if sub_path else mount)


def _from_secret(variable: str, secret: str, key: str) -> Json:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
