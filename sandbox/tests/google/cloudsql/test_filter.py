"""The filter of instances.list: what is not understood is refused."""

from __future__ import annotations

import pytest
from cdc_sandbox.google.cloudsql import filter as filters
from cdc_sandbox.google.errors import ApiError


@pytest.mark.parametrize("text", ["state", "NOT state:RUNNABLE", "(state:RUNNABLE)", "state:RUNNABLE OR", "state>5"])
def test_a_filter_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        filters.parse(text)
    assert caught.value.code == 400
