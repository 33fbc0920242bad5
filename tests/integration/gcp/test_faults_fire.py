# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture `cloud` notices a fault that was switched on and did not happen."""

from __future__ import annotations

import pytest
import requests

from .conftest import Cloud


@pytest.mark.parametrize(("name", "pubsub"), [("key_limit", False), ("reads_lag", True)])
@pytest.mark.parametrize("count", [1, -1])
def test_a_fault_that_does_not_happen_fails_the_test(cloud: Cloud, name: str, pubsub: bool, count: int) -> None:
    cloud.fault(name, pubsub=pubsub, count=count)
    with pytest.raises(AssertionError, match=name):
        cloud.assert_faults_fired()
    cloud.switch_faults_off()
    cloud.assert_faults_fired()


def test_a_fault_that_happens_less_often_than_asked_fails_the_test(cloud: Cloud) -> None:
    cloud.fault("unavailable", pubsub=True, method="GetTopic", count=2)
    root = f"http://{cloud.settings.pubsub_plain_endpoint}/v1/projects/{cloud.settings.project}/topics/absent"
    assert requests.get(root, timeout=10).status_code == 503
    with pytest.raises(AssertionError, match="unavailable"):
        cloud.assert_faults_fired()
    assert requests.get(root, timeout=10).status_code == 503
    cloud.assert_faults_fired()
