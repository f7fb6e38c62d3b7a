"""Reloading over the web: only if it is enabled, and never for another site."""

import pytest

from netmon.web.origin import find_refusal
from tests.web.clients import request

EXTERNAL = "https://sensors.example/edge"


@pytest.fixture
def post(serve, reloads):
    """The status and text of a POST to /-/reload, and whether it reloaded."""

    def post(method="POST", *, options=(("enable_lifecycle", True),), path="/-/reload", **headers):
        server = serve(**dict(options))
        reloads[:] = [None]
        sent = {
            name.replace("_", "-"): value.replace("SELF", server.address) for name, value in headers.items()
        }
        status, _, body = request(server.address, path, method, **sent)
        return status, body.decode(), not reloads

    return post


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload(post, method):
    """POST and PUT reload."""
    assert post(method) == (200, "reloaded\n", True)


def test_failed_reload(serve, reloads):
    """The response gives the error for which the old signatures stay."""
    reloads += ["acme.yaml:3: unknown key"]
    status, _, body = request(serve(enable_lifecycle=True).address, "/-/reload", "POST")
    assert (status, body) == (500, b"the old signatures stay in use: acme.yaml:3: unknown key\n")


def test_get_does_not_reload(post):
    """A link or a picture in a page cannot reload."""
    assert post("GET")[::2] == (405, False)


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://SELF"}])
def test_reload_is_not_enabled_by_default(post, headers):
    """Without the option, the response says how to reload."""
    assert post(options=(), **headers) == (
        403,
        "reloading over the web is not enabled: start the sensor with --web.enable-lifecycle, "
        "or send it SIGHUP\n",
        False,
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://SELF"},
        {"Origin": "http://SELF", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
        {"origin": "HTTP://SELF"},
    ],
)
def test_own_page_may_reload(post, headers):
    """A browser that shows this server's page may reload, as may curl."""
    assert post(**headers) == (200, "reloaded\n", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://SELF"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://SELF.evil.example"},
        {"Origin": "http://SELF@evil.example"},
        {"Origin": "file://"},
        {"Origin": "http://[::1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "nonsense"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://SELF"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
        {
            "Origin": "http://evil.example:10977",
            "Host": "evil.example:10977",
            "Sec_Fetch_Site": "same-origin",
        },
        {"Sec_Fetch_Site": "same-origin", "Host": "evil.example"},
        {"Sec_Fetch_Site": "same-origin", "Host": "localhost.evil.example"},
    ],
)
def test_other_sites_may_not_reload(post, headers):
    """Another origin, an opaque one, or a name that was made to lead here: nothing is reloaded."""
    status, text, has_reloaded = post(**headers)
    assert (status, has_reloaded) == (403, False)
    assert text.startswith("not reloaded: ")


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({"Origin": "https://sensors.example", "Host": "127.0.0.1:10977"}, False),
        ({"Origin": "https://sensors.example:443", "Host": "sensors.example"}, False),
        ({"Origin": "http://sensors.example", "Host": "127.0.0.1:10977"}, True),
        ({"Origin": "https://other.example", "Host": "127.0.0.1:10977"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Host": "sensors.example"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Host": "[2001:db8::1]:10977"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Host": ""}, True),
    ],
)
def test_page_behind_a_reverse_proxy(headers, is_refused):
    """The origin of the external URL is this server's own, whatever host the proxy passes on."""
    assert (find_refusal(headers, "http", EXTERNAL) is not None) is is_refused
