"""IAM Credentials: short-lived tokens of a service account for a caller who may act as it (impersonation)."""

from __future__ import annotations

import datetime
from itertools import pairwise

from ..call import Call, Caller, Context, Handler
from ..errors import ApiError
from ..types import Json
from . import accounts, projects, tokens
from .permissions import denied, granted

PERMISSION = "iam.serviceAccounts.getAccessToken"
DELEGATION = "iam.serviceAccounts.implicitDelegation"
PREFIX = "projects/-/serviceAccounts/"


def methods(context: Context) -> dict[str, Handler]:
    """Handler of generateAccessToken."""

    def generate(call: Call) -> Json:
        """The caller needs the permission on the account, or, with `delegates`, on the first of them, and each on the next."""
        seconds = _lifetime(call.body.get("lifetime"))
        if not call.body.get("scope"):
            raise ApiError(400, "Scope required.")
        names = [*(call.body.get("delegates") or []), call.parameters["name"]]
        chain = [call.caller, *(Caller(_email(context, name)) for name in names)]
        for index, (holder, target) in enumerate(pairwise(chain)):
            wanted = PERMISSION if index == len(names) - 1 else DELEGATION
            if not _may(context, holder, target.email, wanted):
                raise denied("iam", wanted)
        with context.state.reading(accounts.SECTION) as data:
            account = data["accounts"][chain[-1].email]
            email, unique_id, disabled = account["email"], account["uniqueId"], account["disabled"]
        if disabled:
            raise ApiError(400, "Precondition check failed.", status="FAILED_PRECONDITION")
        token, expires = tokens.issue(context.state, email, unique_id, seconds)
        return {
            "accessToken": token,
            "expireTime": accounts.timestamp(datetime.datetime.fromtimestamp(expires, datetime.UTC)),
        }

    return {"iamcredentials.projects.serviceAccounts.generateAccessToken": generate}


def _lifetime(text: str | None) -> int:
    """Lifetime of the token in seconds: an hour unless the caller asks for less."""
    seconds = float(text.removesuffix("s")) if text else tokens.LIFETIME
    if not 0 < seconds <= tokens.LIFETIME:
        raise ApiError(400, f"The lifetime of an access token must be more than 0 s and at most {tokens.LIFETIME} s; it is {text}.")
    return int(seconds)


def _email(context: Context, name: str) -> str:
    """E-mail of the account with this resource name, which has the wildcard for its project."""
    if not name.startswith(PREFIX):
        raise ApiError(400, f"Invalid name {name}: it must be {PREFIX}EMAIL_OR_UNIQUE_ID.")
    with context.state.reading(accounts.SECTION) as data:
        account = accounts.find(data, name.removeprefix(PREFIX))
    if account is None:
        raise ApiError(404, f"Not found; Gaia id not found for email {name.removeprefix(PREFIX)}")
    return str(account["email"])


def _may(context: Context, holder: Caller, target: str, permission: str) -> bool:
    """Whether somebody has a permission on an account, by its policy or the project's."""
    with context.state.reading(accounts.SECTION) as data, context.state.reading(projects.SECTION) as found:
        return granted(holder, permission, [data["accounts"][target]["policy"], projects.policy_of(found, context.settings.project)])
