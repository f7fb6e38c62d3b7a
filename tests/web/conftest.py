"""A web server with metrics, and the certificates of its clients."""

import datetime
import threading
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import CollectorRegistry, Counter

from netmon.web import connections
from netmon.web import server as web
from netmon.web.guard import WebGuard
from netmon.web.handler import Site
from netmon.web.listeners import open_listeners
from netmon.web.options import WebOptions, parse_listen
from netmon.web.scrapes import Scrapes
from netmon.web.server import WebServer
from tests.web.limits import IDLE_S


@pytest.fixture
def registry():
    registry = CollectorRegistry()
    Counter("apples", "Apples.", registry=registry).inc(3)
    Counter("pears", "Pears.", registry=registry).inc(4)
    return registry


@pytest.fixture
def live_registry():
    registry = CollectorRegistry()
    Counter("apples", "Apples.", registry=registry).inc(5)
    return registry


@pytest.fixture
def ready():
    return threading.Event()


@pytest.fixture
def reloads():
    """The results of the next reloads: None is success."""
    return []


@pytest.fixture(autouse=True)
def _memory(tmp_path, monkeypatch):
    """Verified passwords are remembered for this test only."""
    folder = tmp_path / "memory"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder))


@pytest.fixture
def serve(registry, live_registry, ready, reloads, monkeypatch):
    """Starts a server with a guard, which is open without one, on one or more addresses."""
    for name in ("REQUEST_WITHIN_S", "ANSWER_WITHIN_S", "IDLE_S"):
        monkeypatch.setattr(connections, name, IDLE_S)
    monkeypatch.setattr(web, "_POLL_S", 0.01)  # every test waits for the end of its servers
    servers = []

    def serve(guard=None, *listen, **options):
        addresses = tuple(map(parse_listen, listen or ["127.0.0.1:0"]))
        web_options = WebOptions(listen=addresses, **options)
        site = Site(
            scrapes=Scrapes(registry),
            live=Scrapes(live_registry),
            version="1.2.3",
            name="edge (Bern)",
            options=web_options,
            guard=guard or WebGuard(None, print),
            is_ready=ready.is_set,
            view=lambda: "eth1: last packet of a flow at 2026-11-28T12:00:00Z\n",
            reload=lambda: reloads.pop(0),
        )
        server = Served(open_listeners(web_options, {}), site)
        server.start()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.stop()


class Served(WebServer):
    """A server of the tests."""

    @property
    def address(self):
        """The first listener, as "host:port"."""
        return self._listeners[0].where


@pytest.fixture
def server(serve):
    """An open server."""
    return serve()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A folder with the certificates of a CA, two servers and a client."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = ec.generate_private_key(ec.SECP256R1())

    def issue(name, *names):
        key = authority if name == "ca" else ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(authority, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(text)

    loopback = x509.IPAddress(ip_address("127.0.0.1"))
    issue("ca")
    issue("server", loopback)
    issue("renewed", loopback)
    issue("client", x509.DNSName("scraper.example"))
    return folder
