# SPDX-License-Identifier: GPL-3.0-or-later
"""Host, port and CA certificate of a Cloud SQL instance.  Changes nothing.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.client import Client
from .._gcp.options import GcpOptions
from .._reconcile.engine import ReadOnly
from .._reconcile.errors import ReconcileError
from . import fields
from .api import SqlAdmin

Json = Mapping[str, t.Any]

PORT = 5432
"""PostgreSQL on Cloud SQL listens here; it cannot be changed."""

KINDS: dict[str, tuple[str, ...]] = {"private": ("PRIVATE",), "public": ("PRIMARY",), "auto": ("PRIVATE", "PRIMARY")}
"""Types of address to take, in order of preference, by ip_type."""


class ConnectionInfo(ReadOnly[Json]):
    """How to connect to one instance.  ip_type: a key of KINDS."""

    def __init__(self, api: SqlAdmin, instance: str, ip_type: str) -> None:
        self.title = f"instance {instance}"
        self._api = api
        self._instance = instance
        self._ip_type = ip_type

    @classmethod
    def from_params(cls, params: Json, client: Client | None = None) -> ConnectionInfo:
        """From the module's parameters.  client: one that exists already."""
        client = client or Client(GcpOptions.from_params(params))
        return cls(SqlAdmin(client, client.options.retry_timeout, 1.0), params["instance"], params["ip_type"])

    def read(self) -> Json | None:
        """connectSettings, which needs no more than roles/cloudsql.client; None when there is no instance."""
        attempt = f"Reading how to connect to {self.title}"
        return self._api.find(attempt, "cloudsql.instances.get", self._instance, "connectSettings")[1]

    def facts(self, observed: Json | None) -> dict[str, t.Any]:
        """Raises ReconcileError when the instance has no address of the kind that was asked for."""
        settings = observed or {}
        ip = fields.addresses(settings)
        host = next((ip[kind] for kind in KINDS[self._ip_type] if kind in ip), None)
        if observed is not None and host is None:
            raise ReconcileError(
                f"Instance {self._instance} has no address for ip_type={self._ip_type}; it has {', '.join(sorted(ip)) or 'none'}."
                " Give it a private network or a public address with cdc.gcp.cloudsql_instance, or choose another ip_type."
            )
        region = settings.get("region")
        built = f"{self._api.project}:{region}:{self._instance}" if region else None
        return {
            "exists": observed is not None,
            "instance": self._instance,
            "host": host,
            "port": PORT if observed is not None else None,
            "private_ip_address": ip.get("PRIVATE"),
            "public_ip_address": ip.get("PRIMARY"),
            "dns_name": settings.get("dnsName") or None,
            "server_ca_certificate": settings.get("serverCaCert", {}).get("cert"),
            "connection_name": settings.get("connectionName") or built,
            "database_version": settings.get("databaseVersion"),
            "region": region,
        }
