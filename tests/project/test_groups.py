"""Tests that share something big, as an installation, are run by one process."""

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs all")
def test_the_runner_knows_of_groups(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@groups")
