"""Cloud SQL Admin API (v1 and v1beta4), over real PostgreSQL clusters: which method is answered where.

`cloudsql_instances.py`, `cloudsql_users.py`, `cloudsql_databases.py`, `cloudsql_execute.py` and `cloudsql_operations.py` hold the methods,
`cloudsql_defaults.py` and `cloudsql_validation.py` Google's rules, `cloudsql_flags.py` the database flags, `cloudsql_tiers.py` the machine
types, `cloudsql_filter.py` the filter of a list, `cloudsql_store.py` the memory.
"""

from __future__ import annotations

from .call import Call, Context, Handler
from .cloudsql_databases import Databases
from .cloudsql_execute import ExecuteSql
from .cloudsql_flags import list_flags
from .cloudsql_instances import Instances
from .cloudsql_operations import Operations
from .cloudsql_store import Store, addresses, invalid_state, server_ca
from .cloudsql_tiers import list_tiers
from .cloudsql_users import Users
from .types import Json


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
        **operations.handlers(),
        "sql.flags.list": list_flags,
        "sql.tiers.list": list_tiers,
        "sql.connect.get": connect_settings,
    }
