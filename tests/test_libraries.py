"""Which modules of netmon import which libraries."""

import pytest

from tests.test_architecture import FILES, PACKAGE, first_level, imports_of

# Extras and heavy libraries belong to the modules that need them; the rest of netmon runs without.
LIBRARIES = {
    "scapy": {"sources"},
    "pyshark": {"verify"},
    "click": {"cli"},
    "rich": {"cli", "outputs", "top"},
    "prometheus_client": {"exposition", "outputs", "top", "web"},
    "yaml": {"yaml_nodes"},
    "bcrypt": {"web"},
    "markdown_it": {"web"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "maxminddb": {"places"},
    "nats": {"streams"},
    "confluent_kafka": {"streams"},
    "sqlite3": {"store"},
    "clickhouse_connect": {"store"},
    "pyarrow": {"library"},
    "pandas": {"library"},
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_where_they_belong(path):
    """A library of the table is imported by its own modules only."""
    for module, _name in imports_of(path):
        owners = LIBRARIES.get(module.partition(".")[0])
        assert owners is None or first_level(path) in owners, f"{path} must not import {module}"
