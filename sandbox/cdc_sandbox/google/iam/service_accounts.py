"""IAM: service accounts and their policies.  Bodies and texts are those of recorded traffic."""

from __future__ import annotations

import re

from ..call import Call, Context, Handler
from ..errors import ApiError
from ..paging import page
from ..types import Json
from . import accounts, policies, projects

ACCOUNT_ID = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])")
UNKNOWN = "Unknown service account"
MOST_BYTES = {"displayName": 100, "description": 256}
"""Longest texts of an account, in UTF-8 bytes (descriptions of the fields in Google's discovery document)."""
PATCHABLE = {"display_name": "displayName", "displayName": "displayName", "description": "description"}


def bootstrap(context: Context) -> None:
    """Make the accounts `owner` and `viewer` with a key file each, and the project with them in its policy, at the first start."""
    settings = context.settings
    with context.state.reading(projects.SECTION) as data:
        if data:
            return
    members: list[str] = []
    records: dict[str, Json] = {}
    for account_id, path in (("owner", settings.owner_key), ("viewer", settings.viewer_key)):
        email = accounts.email_of(settings, account_id)
        account = accounts.new_account(email, display_name=f"Sandbox {account_id}")
        account |= {"etag": policies.new_etag(), "policy": {"etag": policies.new_etag()}}
        key_id = accounts.new_key_id()
        private_key, account["keys"][key_id] = accounts.new_key(email, "USER_MANAGED")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(accounts.key_file(settings, account, key_id, private_key))
        records[email] = account
        members.append(f"serviceAccount:{email}")
    with context.state.changing(accounts.SECTION) as data:
        data.update({"accounts": records, "deleted": {}})
    projects.bootstrap(context, owners=members[:1], viewers=members[1:])


def require_account(data: Json, name: str) -> Json:
    """The account that `projects/P/serviceAccounts/E` (or one of its keys) names; 404 when there is none."""
    account = accounts.find(data, name.split("/")[3])
    if account is None:
        raise ApiError(404, UNKNOWN, reason="notFound")
    return account


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of projects.serviceAccounts.*, without keys."""
    service = _Accounts(context)
    return {
        "iam.projects.serviceAccounts.create": service.create,
        "iam.projects.serviceAccounts.get": service.get,
        "iam.projects.serviceAccounts.list": service.list,
        "iam.projects.serviceAccounts.patch": service.patch,
        "iam.projects.serviceAccounts.update": service.update,
        "iam.projects.serviceAccounts.delete": service.delete,
        "iam.projects.serviceAccounts.undelete": service.undelete,
        "iam.projects.serviceAccounts.enable": service.enable,
        "iam.projects.serviceAccounts.disable": service.disable,
        "iam.projects.serviceAccounts.getIamPolicy": service.get_policy,
        "iam.projects.serviceAccounts.setIamPolicy": service.set_policy,
    }


class _Accounts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state
        self._flapping: dict[str, int] = {}

    def create(self, call: Call) -> Json:
        account_id, wanted = call.body.get("accountId", ""), call.body.get("serviceAccount") or {}
        if not 6 <= len(account_id) <= 30 or not ACCOUNT_ID.fullmatch(account_id):
            raise ApiError(
                400,
                "The account ID does not have a valid format. It must be between 6 and 30 characters, start with a lower-case letter "
                "and hold only lower-case letters, digits and dashes.",
            )
        _check_texts(wanted)
        project, email = self._context.settings.project, accounts.email_of(self._context.settings, account_id)
        account = accounts.new_account(email, wanted.get("displayName") or "", wanted.get("description") or "")
        account |= {"etag": policies.new_etag(), "policy": {"etag": policies.new_etag()}}
        with self._state.changing(accounts.SECTION) as data:
            if email in data["accounts"]:
                raise ApiError(
                    409,
                    f"Service account {account_id} already exists within project projects/{project}.",
                    reason="alreadyExists",
                    status="ALREADY_EXISTS",
                )
            data["accounts"][email] = account
        flaps = self._context.faults.take("account_flaps", call.method_id)
        if flaps is not None:
            self._flapping[email] = int(flaps.options.get("reads", 4))
        return self._answer(account)

    def get(self, call: Call) -> Json:
        name = call.parameters["name"]
        with self._state.reading(accounts.SECTION) as data:
            account = require_account(data, name)
            left = self._flapping.get(account["email"], 0)
            if left > 0:
                self._flapping[account["email"]] = left - 1
                if left % 2 == 0:
                    raise ApiError(404, f"Service account {self._name(account)} does not exist.", reason="notFound")
            return self._answer(account)

    def list(self, call: Call) -> Json:
        with self._state.reading(accounts.SECTION) as data:
            items = [self._answer(account) for _, account in sorted(data["accounts"].items())]
        shown, following = page(call, items, "pageSize", 20, 100)
        answer: Json = {"accounts": shown} if shown else {}
        if following:
            answer["nextPageToken"] = following
        return answer

    def patch(self, call: Call) -> Json:
        """The etag of the body means nothing here, nor in update: the field is deprecated."""
        wanted = call.body.get("serviceAccount") or {}
        mask = [part.strip() for part in (call.body.get("updateMask") or "").split(",") if part.strip()]
        unknown = [part for part in mask if part not in PATCHABLE]
        if not mask or unknown:
            raise ApiError(400, f"The update mask may hold display_name and description; it holds: {', '.join(mask) or 'nothing'}.")
        _check_texts(wanted)
        with self._state.changing(accounts.SECTION) as data:
            account = require_account(data, call.parameters["name"])
            fields = {PATCHABLE[part] for part in mask}
            for field in fields:
                account[field] = wanted.get(field) or ""
            account["etag"] = policies.new_etag()
            # The real answer holds the name and what was patched, nothing else.
            return {"name": self._name(account), **{field: account[field] for field in sorted(fields) if account[field]}}

    def update(self, call: Call) -> Json:
        """The older twin of patch: it changes the display name only, and answers the whole account."""
        _check_texts(call.body)
        with self._state.changing(accounts.SECTION) as data:
            account = require_account(data, call.parameters["name"])
            account["displayName"] = call.body.get("displayName") or ""
            account["etag"] = policies.new_etag()
            return self._answer(account)

    def delete(self, call: Call) -> Json:
        with self._state.changing(accounts.SECTION) as data, self._state.changing(projects.SECTION) as project:
            account = require_account(data, call.parameters["name"])
            del data["accounts"][account["email"]]
            data["deleted"][account["uniqueId"]] = account
            self._rename(data, project, f"serviceAccount:{account['email']}", _deleted_member(account))
        return {}

    def undelete(self, call: Call) -> Json:
        unique_id = call.parameters["name"].split("/")[3]
        with self._state.changing(accounts.SECTION) as data, self._state.changing(projects.SECTION) as project:
            account = data["deleted"].get(unique_id)
            if account is None:
                raise ApiError(404, UNKNOWN, reason="notFound")
            if account["email"] in data["accounts"]:
                raise ApiError(400, "A service account with the same name was created in between.", status="FAILED_PRECONDITION")
            del data["deleted"][unique_id]
            data["accounts"][account["email"]] = account
            self._rename(data, project, _deleted_member(account), f"serviceAccount:{account['email']}")
            return {"restoredAccount": self._answer(account)}

    def enable(self, call: Call) -> Json:
        return self._set_disabled(call, False)

    def disable(self, call: Call) -> Json:
        return self._set_disabled(call, True)

    def get_policy(self, call: Call) -> Json:
        version = int((call.query.get("options.requestedPolicyVersion") or ["0"])[0])
        with self._state.reading(accounts.SECTION) as data:
            return policies.read(require_account(data, call.parameters["resource"])["policy"], version)

    def set_policy(self, call: Call) -> Json:
        if self._context.faults.take("policy_aborted", call.method_id):
            with self._state.changing(accounts.SECTION) as data:
                require_account(data, call.parameters["resource"])["policy"]["etag"] = policies.new_etag()
            raise policies.concurrent_change()
        with self._state.changing(accounts.SECTION) as data:
            return policies.change(self._context, call, require_account(data, call.parameters["resource"])["policy"])

    def _set_disabled(self, call: Call, disabled: bool) -> Json:
        with self._state.changing(accounts.SECTION) as data:
            account = require_account(data, call.parameters["name"])
            account["disabled"] = disabled
            account["etag"] = policies.new_etag()
        return {}

    @staticmethod
    def _rename(data: Json, project: Json, old: str, new: str) -> None:
        """In the policies of all projects and accounts."""
        for policy in (*projects.all_policies(project), *accounts.policies(data)):
            policies.rename_member(policy, old, new)

    def _answer(self, account: Json) -> Json:
        answer = {
            "name": self._name(account),
            "projectId": self._context.settings.project,
            "uniqueId": account["uniqueId"],
            "email": account["email"],
            "etag": account["etag"],
            "oauth2ClientId": account["oauth2ClientId"],
        }
        optional = {field: account[field] for field in ("displayName", "description", "disabled") if account[field]}
        return {**answer, **optional}

    def _name(self, account: Json) -> str:
        return f"projects/{self._context.settings.project}/serviceAccounts/{account['email']}"


def _check_texts(wanted: Json) -> None:
    for field, most in MOST_BYTES.items():
        if len((wanted.get(field) or "").encode()) > most:
            raise ApiError(400, f"The {field} of a service account must not be longer than {most} UTF-8 bytes.")


def _deleted_member(account: Json) -> str:
    return policies.deleted_member(account["email"], account["uniqueId"])
