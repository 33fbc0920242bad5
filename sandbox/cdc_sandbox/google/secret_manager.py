"""Secret Manager, regional: as much as executeSql needs of it, which takes a password from a secret in the instance's region.

State section "secrets": {"projects/P/locations/L/secrets/S": {"createTime", "etag", "labels", "versions": [{"createTime", "state", "etag",
"data"}]}}; like all of the state it is a file that only its owner can read.
"""

from __future__ import annotations

import re

from . import labels
from .call import Call, Context, Handler
from .errors import ApiError
from .iam import policies
from .iam.accounts import now
from .state import State
from .types import Json

SECTION = "secrets"
SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
VERSION = re.compile(r"(projects/[^/]+/locations/([^/]+)/secrets/[^/]+)/versions/([^/]+)")
ACCESS = "secretmanager.versions.access"
PREFIX = "secretmanager.projects.locations.secrets."


def payload(state: State, name: str) -> tuple[str, str]:
    """Full name and base64 payload of `projects/P/locations/L/secrets/S/versions/V`; V may be "latest".  404 when it is not there, 400
    when it is disabled.
    """
    with state.reading(SECTION) as data:
        full_name, version = _find_version(data, name)
        if version["state"] != "ENABLED":
            raise ApiError(400, f"Secret Version [{full_name}] is in {version['state']} state.", status="FAILED_PRECONDITION")
        return full_name, str(version["data"])


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of projects.locations.secrets.*: create, get, delete, addVersion, versions.access, get, enable and disable."""
    state, settings = context.state, context.settings

    def name_of(call: Call, parameter: str = "name") -> str:
        """The name in the path, with the project's id."""
        parts = call.parameters[parameter].split("/")
        return "/".join(["projects", policies.project_name(settings, parts[1]), *parts[2:]])

    def create(call: Call) -> Json:
        secret_id = call.query.get("secretId", [""])[0]
        if not SECRET_ID.fullmatch(secret_id):
            raise ApiError(400, f"Invalid secret id ({secret_id}).")
        if call.body.get("replication"):
            raise ApiError(400, "A regional secret has no replication.")
        if (wrong := labels.problem(call.body.get("labels") or {})) is not None:
            raise ApiError(400, f"Invalid {wrong}.")
        name = f"{name_of(call, 'parent')}/secrets/{secret_id}"
        with state.changing(SECTION) as data:
            if name in data:
                raise ApiError(409, f"Secret [{name}] already exists.", status="ALREADY_EXISTS")
            data[name] = {"createTime": now(), "etag": _etag(), "labels": call.body.get("labels") or {}, "versions": []}
            return _answer(name, data[name])

    def get(call: Call) -> Json:
        name = name_of(call)
        with state.reading(SECTION) as data:
            return _answer(name, _find(data, name))

    def delete(call: Call) -> Json:
        name = name_of(call)
        with state.changing(SECTION) as data:
            _find(data, name)
            del data[name]
        return {}

    def add_version(call: Call) -> Json:
        name, content = name_of(call, "parent"), (call.body.get("payload") or {}).get("data")
        if not content:
            raise ApiError(400, "The payload of a secret version must not be empty.")
        with state.changing(SECTION) as data:
            versions = _find(data, name)["versions"]
            versions.append({"createTime": now(), "state": "ENABLED", "etag": _etag(), "data": content})
            return _answer_version(f"{name}/versions/{len(versions)}", versions[-1])

    def get_version(call: Call) -> Json:
        with state.reading(SECTION) as data:
            return _answer_version(*_find_version(data, name_of(call)))

    def set_state(call: Call, wanted: str) -> Json:
        with state.changing(SECTION) as data:
            name, version = _find_version(data, name_of(call))
            if call.body.get("etag") not in (None, "", version["etag"]):
                raise ApiError(400, f"The etag of Secret Version [{name}] does not match.", status="FAILED_PRECONDITION")
            version |= {"state": wanted, "etag": _etag()}
            return _answer_version(name, version)

    def access(call: Call) -> Json:
        name, content = payload(state, name_of(call))
        return {"name": name, "payload": {"data": content}}

    return {
        f"{PREFIX}create": create,
        f"{PREFIX}get": get,
        f"{PREFIX}delete": delete,
        f"{PREFIX}addVersion": add_version,
        f"{PREFIX}versions.access": access,
        f"{PREFIX}versions.get": get_version,
        f"{PREFIX}versions.enable": lambda call: set_state(call, "ENABLED"),
        f"{PREFIX}versions.disable": lambda call: set_state(call, "DISABLED"),
    }


def _find(data: Json, name: str) -> Json:
    secret: Json | None = data.get(name)
    if secret is None:
        raise _missing(name)
    return secret


def _find_version(data: Json, name: str) -> tuple[str, Json]:
    """Full name and record of a version; 404 when it is not there."""
    match = VERSION.fullmatch(name)
    versions: list[Json] = data.get(match[1], {}).get("versions", []) if match else []
    number = len(versions) if match and match[3] == "latest" else int(match[3]) if match and match[3].isdecimal() else 0
    if match is None or not 1 <= number <= len(versions):
        raise _missing(name)
    return f"{match[1]}/versions/{number}", versions[number - 1]


def _answer_version(name: str, version: Json) -> Json:
    return {"name": name, **{field: version[field] for field in ("createTime", "state", "etag")}}


def _etag() -> str:
    return f'"{policies.new_etag()}"'


def _answer(name: str, secret: Json) -> Json:
    answer = {"name": name, "createTime": secret["createTime"], "etag": secret["etag"]}
    return answer | ({"labels": dict(secret["labels"])} if secret["labels"] else {})


def _missing(name: str) -> ApiError:
    return ApiError(404, f"Secret [{name}] not found or has no versions.")
