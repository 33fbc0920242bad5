"""IAM policies, the same for a project and a service account: reading, setting with an etag, members, conditions."""

from __future__ import annotations

import base64
import copy
import threading
import time
from collections.abc import Iterable

from ...settings import Settings
from ..call import Call, Context
from ..errors import ApiError
from ..types import Json
from . import accounts, roles

CASE_SENSITIVE = ("principal:", "principalSet:", "deleted:principal:")
PREFIXES = (
    "user:",
    "serviceAccount:",
    "group:",
    "domain:",
    "projectOwner:",
    "projectEditor:",
    "projectViewer:",
    "principal://",
    "principalSet://",
    "deleted:",
)
MOST_MEMBERS = 1500
MOST_GROUPS = 250
"""Google's limits of the principals in a policy; each appearance in a binding counts."""
CONCURRENT = "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
_etag_lock = threading.Lock()
_last_etag = 0


def new_etag() -> str:
    """An etag that no policy had before: base64 of 8 bytes that begin with 0x07, as Google's do."""
    global _last_etag
    with _etag_lock:
        _last_etag = max(_last_etag + 1, time.time_ns() // 1000)
        return base64.b64encode(b"\x07" + _last_etag.to_bytes(7, "big")).decode()


def same_etag(one: str, other: str) -> bool:
    """Whether two etags are the same bytes.  A field of bytes may come in base64's URL-safe alphabet, too: gcloud sends it so."""
    return base64.urlsafe_b64decode(_url_safe(one)) == base64.urlsafe_b64decode(_url_safe(other))


def _url_safe(text: str) -> str:
    return text.translate(str.maketrans("+/", "-_")).rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)


def read(policy: Json, requested_version: int) -> Json:
    """The answer to getIamPolicy: without bindings and version when it is empty, with version 3 only when it has conditions.

    A caller that asks for less than version 3 sees a placeholder instead of a conditional role, and loses it when it sets that.
    """
    if requested_version not in (0, 1, 3):
        raise ApiError(400, f"Requested policy version ({requested_version}) must be 0, 1 or 3.")
    answer = copy.deepcopy(policy)
    answer.pop("before", None)
    bindings = answer.get("bindings", [])
    conditional = any("condition" in binding for binding in bindings)
    if bindings:
        answer["version"] = 3 if conditional and requested_version == 3 else 1
    if conditional and requested_version != 3:
        for index, binding in enumerate(bindings):
            if binding.pop("condition", None):
                binding["role"] = f"{binding['role']}_withcond_{index:020x}"
    return answer


def change(context: Context, call: Call, policy: Json) -> Json:
    """Set `policy` (changed in place) to what a setIamPolicy call asks for; gives the answer."""
    wanted: Json = call.body.get("policy") or {}
    if wanted.get("etag") and not same_etag(wanted["etag"], policy["etag"]):
        raise concurrent_change()
    bindings = normalise(wanted.get("bindings") or [])
    _check(context, wanted, bindings)
    _check_version(wanted, bindings, policy)
    known = {member for binding in policy.get("bindings", []) for member in binding["members"]}
    added = [member for binding in bindings for member in binding["members"] if member not in known]
    fresh = [member for member in added if member.startswith("serviceAccount:")]
    if fresh and context.faults.take("policy_account_unknown", call.method_id):
        raise _unknown_account(fresh[0].removeprefix("serviceAccount:"))
    if (lag := context.faults.take("policy_lags", call.method_id)) is not None:
        until = time.time() + float(lag.options.get("seconds", 5))
        policy["before"] = {"bindings": copy.deepcopy(policy.get("bindings", [])), "until": until}
    mask = {part.strip() for part in (call.body.get("updateMask") or "bindings,etag").split(",")}
    if mask & {"bindings", "*"}:
        if bindings:
            policy["bindings"] = bindings
        else:
            policy.pop("bindings", None)
    if mask & {"auditConfigs", "audit_configs", "*"}:
        if wanted.get("auditConfigs"):
            policy["auditConfigs"] = wanted["auditConfigs"]
        else:
            policy.pop("auditConfigs", None)
    policy["etag"] = new_etag()
    return read(policy, 3)


def effective(policy: Json) -> Iterable[Json]:
    """The bindings by which callers are judged now: for a while those of before, if the last change lags (fault policy_lags)."""
    before = policy.get("before")
    judged: Json = before if before and time.time() < before["until"] else policy
    bindings: list[Json] = judged.get("bindings", [])
    return bindings


def concurrent_change() -> ApiError:
    """The answer to who lost the race to another writer of the policy."""
    return ApiError(409, CONCURRENT, reason="aborted", status="ABORTED")


def normalise(bindings: Iterable[Json]) -> list[Json]:
    """As the server keeps them: one binding for a role and condition, sorted, members in lower case and once."""
    merged: dict[tuple[str, str], Json] = {}
    for binding in bindings:
        condition = binding.get("condition")
        key = (binding.get("role", ""), repr(sorted((condition or {}).items())))
        entry = merged.setdefault(key, {"role": key[0], "members": []} | ({"condition": condition} if condition else {}))
        for member in binding.get("members") or []:
            kept = normalise_member(member)
            if kept not in entry["members"]:
                entry["members"].append(kept)
    for entry in merged.values():
        entry["members"].sort()
    return [merged[key] for key in sorted(merged) if merged[key]["members"]]


def normalise_member(member: str) -> str:
    """Lower case after the prefix, except where case counts.  A GKE identity `P.svc.id.goog[NS/KSA]` is lower case anyway."""
    prefix, colon, name = member.partition(":")
    if not colon or member.startswith(CASE_SENSITIVE):
        return member
    if prefix == "deleted":
        kind, _, rest = name.partition(":")
        return f"deleted:{kind}:{rest.lower()}"
    return f"{prefix}:{name.lower()}"


def missing_members(context: Context, members: Iterable[str]) -> list[str]:
    """Those service accounts of this project that do not exist, as e-mails in the order given."""
    ending = f"@{context.settings.project}.iam.gserviceaccount.com"
    emails = [member.removeprefix("serviceAccount:") for member in members if member.startswith("serviceAccount:")]
    return [email for email in emails if email.endswith(ending) and not accounts.exists(context.state, email)]


def unique_ids(context: Context, members: Iterable[str]) -> dict[str, str]:
    """Unique ids of those members that are service accounts of this project and exist, by member."""
    with context.state.reading(accounts.SECTION) as data:
        known = {
            member: accounts.find(data, member.removeprefix("serviceAccount:"))
            for member in members
            if member.startswith("serviceAccount:")
        }
        return {member: account["uniqueId"] for member, account in known.items() if account is not None}


def rename_member(policy: Json, old: str, new: str) -> None:
    """Put `new` where `old` is a member; a deleted account stays in policies under another name."""
    for binding in policy.get("bindings", []):
        if old in binding["members"]:
            binding["members"] = sorted(new if member == old else member for member in binding["members"])
            policy["etag"] = new_etag()


def deleted_member(email: str, unique_id: str) -> str:
    """How policies name a deleted account."""
    return f"deleted:serviceAccount:{email}?uid={unique_id}"


def project_name(settings: Settings, name: str) -> str:
    """A project's id for its id or number; any other text as it is."""
    return next((project for project, number in settings.projects.items() if number == name), name)


def _check(context: Context, wanted: Json, bindings: list[Json]) -> None:
    conditional = any("condition" in binding for binding in bindings)
    if wanted.get("version", 0) not in (0, 1, 3):
        raise ApiError(400, f"Policy version ({wanted['version']}) must be 0, 1 or 3.")
    if conditional and wanted.get("version") != 3:
        raise ApiError(400, "Policies with conditional role bindings must specify version 3 in SetIamPolicy.")
    if conditional and not wanted.get("etag"):
        raise ApiError(400, "Policies with conditional role bindings must specify etag in SetIamPolicy.")
    for binding in bindings:
        if not binding["role"].startswith("roles/"):
            raise ApiError(400, f"Role ({binding['role']}) does not exist in the resource's hierarchy.")
        if not roles.exists(binding["role"]):
            raise ApiError(400, f"Role {binding['role']} is not supported for this resource.")
        for member in binding["members"]:
            if member not in ("allUsers", "allAuthenticatedUsers") and not member.startswith(PREFIXES):
                raise ApiError(400, f"The member {member} is of an unknown type. Please set a valid type prefix for the member.")
    members = [member for binding in bindings for member in binding["members"]]
    groups = sum(member.startswith("group:") for member in members)
    if len(members) > MOST_MEMBERS or groups > MOST_GROUPS:
        raise ApiError(400, f"A policy may name {MOST_MEMBERS} principals, and {MOST_GROUPS} groups among them; it names {len(members)}.")
    for email in missing_members(context, members):
        raise _unknown_account(email)


def _check_version(wanted: Json, bindings: list[Json], policy: Json) -> None:
    """Who removes a binding from a policy with conditions must know of them, and says so by version 3.

    A caller that sends no etag overwrites everything, conditions too (Google's reference of Policy.etag and Policy.version).
    """
    before = policy.get("bindings", [])
    if wanted.get("version") == 3 or not wanted.get("etag") or not any("condition" in binding for binding in before):
        return
    kept = [(binding["role"], binding.get("condition")) for binding in bindings]
    if any((binding["role"], binding.get("condition")) not in kept for binding in before):
        raise ApiError(400, "Removing a role binding from a policy with conditions must specify version 3 in SetIamPolicy.")


def _unknown_account(email: str) -> ApiError:
    return ApiError(400, f"Service account {email} does not exist.")
