import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

from fixtures import *  # noqa: E402,F401,F403
import fleet  # noqa: E402


@pytest.fixture(scope="session")
def management():
    server = fleet.Management()
    yield server
    server.remove()


@pytest.fixture
def queue(management):
    """An empty management database, with agents that the test starts."""
    queue = management.database()
    yield queue
    queue.remove()
