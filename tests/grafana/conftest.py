"""One recording of the lab for all tests of the dashboards, and the page that draws them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.grafana.recording import record
from tests.grafana.simulation import Database
from tests.machine import need, open_folder
from tests.render.draw import build
from tests.render.packages import packages


@pytest.fixture(scope="session")
def page_build(request):
    """The build of the page, in parallel with the lab, which mostly waits; None if no selected test draws."""
    if not any(item.get_closest_marker("render") for item in request.session.items):
        return None
    pool = ThreadPoolExecutor()
    build_of_page = pool.submit(lambda: build(packages()))
    pool.shutdown(wait=False)  # its thread ends with the build: later tests fork
    return build_of_page


@pytest.fixture(scope="session")
def recording(page_build):
    """Prometheus' response to every query of the dashboards."""
    need("ip", "tc", "ethtool", "tcpdump", "tshark", "curl", "prometheus", "amtool")
    with open_folder() as folder:
        return record(folder)


@pytest.fixture
def database():
    """Prometheus' answers about sensors that a test simulates."""
    need("prometheus", "promtool")
    return Database()


@pytest.fixture(scope="session")
def page(page_build):
    """The folder of the page, ready to be served."""
    folder = page_build.result()
    need("chromium")
    return folder
