"""The section `web` of the configuration."""

import pytest

from netmon.errors import ConfigError


def test_several_addresses_to_listen_on(read):
    """A list of addresses: hosts, all addresses, Unix sockets; each is used once."""
    config = read("web: {listen: [127.0.0.1:1, ':2', 'unix:/run/n.sock', '127.0.0.1:1']}")
    assert [str(address) for address in config.web.listen] == ["127.0.0.1:1", ":2", "unix:/run/n.sock"]


def test_prefix_of_the_web_server(read):
    """The prefix is the path of the external URL, unless the proxy removes it."""
    assert read("web: {external_url: 'https://a.example'}").web.prefix == ""
    assert read("web: {external_url: 'https://a.example/x/y/'}").web.prefix == "/x/y"
    assert read("web: {external_url: 'https://a.example/x', route_prefix: /}").web.prefix == ""
    assert read("web: {route_prefix: z/}").web.prefix == "/z"


def test_web_can_be_off(read):
    """`off` disables the web server."""
    assert read("web: {listen: off}").web.is_off


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "web: {listen: here}",
            "netmon.yaml:1: web.listen: 'here' is not an address to listen on: "
            "write HOST:PORT, such as 127.0.0.1:10977, :10977 for all addresses, or unix:PATH",
        ),
        (
            "web: {external_url: sensors.example}",
            "netmon.yaml:1: web.external_url: 'sensors.example' is not a URL: "
            "write, for example, https://sensors.example/netmon",
        ),
        (
            "web: {listen: ':1', systemd_socket: true}",
            "netmon.yaml:1: web.listen: systemd passes the sockets (systemd_socket), so remove the addresses",
        ),
        (
            "web: {listen: [':1', {}]}",
            "netmon.yaml:1: web.listen: expected text",
        ),
        (
            "web: {route_prefix: a?b}",
            "netmon.yaml:1: web.route_prefix: 'a?b' is not a path: write, for example, /netmon",
        ),
    ],
)
def test_an_error_is_one_line(read, text, message):
    """A wrong value is reported with file, line, key and an example."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).endswith(message)
