"""Cloud SQL Admin API: which method is answered where."""

from __future__ import annotations

from ..call import Call, Context, Handler
from ..types import Json
from .databases import Databases
from .execute import ExecuteSql
from .flags import list_flags
from .instances import Instances
from .operations import Operations
from .ssl_certs import SslCerts
from .store import Store, addresses, invalid_state, server_ca
from .tiers import list_tiers
from .users import Users


def methods(context: Context) -> dict[str, Handler]:
    """All handlers; before it returns, clusters that should run do so, and interrupted operations go on."""
    store, operations = Store(context), Operations(context)
    instances = Instances(context, store, operations)

    def connect_settings(call: Call) -> Json:
        name = call.parameters["instance"]
        resource, cluster = store.resource(name), store.cluster(name)
        if resource["state"] != "RUNNABLE":
            raise invalid_state()
        return {
            "kind": "sql#connectSettings",
            "backendType": resource["backendType"],
            "connectionName": resource["connectionName"],
            "databaseVersion": resource["databaseVersion"],
            "ipAddresses": addresses(cluster),
            "pscEnabled": False,
            "region": resource["region"],
            "serverCaCert": server_ca(call, cluster),
            "serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
        }

    instances.resume()
    context.on_repair.append(instances.start_missing)
    return {
        **instances.handlers(),
        **Users(store, operations).handlers(),
        **Databases(store, operations).handlers(),
        **ExecuteSql(store).handlers(),
        **SslCerts(store, operations, instances.configure).handlers(),
        **operations.handlers(),
        "sql.flags.list": list_flags,
        "sql.tiers.list": list_tiers,
        "sql.connect.get": connect_settings,
    }
