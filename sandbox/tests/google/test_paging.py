"""Pages of a list: an empty token means the first one, and a token that was never given out is refused."""

from __future__ import annotations

import pytest
from standin_client import PROJECT, StandIn, new_account

LISTS = ["/sql/v1beta4/projects/demo-project/instances", "/sql/v1beta4/projects/demo-project/operations", f"{PROJECT}/serviceAccounts"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("token", ["7", "no-token", "ZnJvbTo=", "ZnJvbTo3eA==", "%C3%A9"])
def test_an_unknown_token_is_refused(standin: StandIn, path: str, token: str) -> None:
    assert standin.call("GET", f"{path}?pageToken={token}").status_code == 400


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_token_means_the_first_page(standin: StandIn, path: str) -> None:
    assert standin.good("GET", f"{path}?pageToken=") == standin.good("GET", path)


def test_pages_hold_everything_once(standin: StandIn) -> None:
    for _ in range(3):
        new_account(standin)
    everything = [account["email"] for account in standin.good("GET", f"{PROJECT}/serviceAccounts")["accounts"]]
    found, token = [], ""
    while not found or token:
        answer = standin.good("GET", f"{PROJECT}/serviceAccounts?pageSize=2&pageToken={token}")
        found += [account["email"] for account in answer["accounts"]]
        token = answer.get("nextPageToken", "")
    assert found == everything
    assert standin.call("GET", f"{PROJECT}/serviceAccounts?pageSize=-1").status_code == 400
