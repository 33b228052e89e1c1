"""The fixtures of the tests that drive the real programs; tests/e2e and tests/fault share them."""

import itertools

import pytest


import harness


@pytest.fixture(scope="session")
def cluster():
    server = harness.Cluster()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def agent():
    running = harness.Agent()
    yield running
    running.remove()


_numbers = itertools.count(1)


@pytest.fixture
def database(cluster):
    """A customer's empty database."""
    return cluster.create_database(f"customer_{next(_numbers)}")


@pytest.fixture
def name(request):
    """A name for this test's connection and project."""
    return f"p{next(_numbers)}_{request.node.name[:40]}".split("[")[0]


@pytest.fixture(scope="session")
def shared():
    if not harness.SHARED.is_dir():
        pytest.skip(f"the shared test data is not here ({harness.SHARED}); CPI_SHARED_DATA names it")
    return harness.SHARED
