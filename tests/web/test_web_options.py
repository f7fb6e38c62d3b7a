"""Addresses to listen on, the external URL and the prefix, as they are written."""

from pathlib import Path

import pytest

from netmon.web.options import (
    ListenAddress,
    WebOptions,
    parse_external_url,
    parse_listen,
    parse_prefix,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:10977", ListenAddress("127.0.0.1", 10977)),
        ("localhost:0", ListenAddress("localhost", 0)),
        ("[::1]:9000", ListenAddress("::1", 9000)),
        ("[fe80::1%eth0]:9000", ListenAddress("fe80::1%eth0", 9000)),
        (":10977", ListenAddress("", 10977)),
        ("unix:/run/netmon/web.sock", ListenAddress(path=Path("/run/netmon/web.sock"))),
        ("unix:///run/netmon/web.sock", ListenAddress(path=Path("/run/netmon/web.sock"))),
    ],
)
def test_address_to_listen_on(text, address):
    """A host and a port, all addresses, or a Unix socket."""
    assert parse_listen(text) == address


@pytest.mark.parametrize("text", ["127.0.0.1:1", "[::1]:1", ":1", "unix:/run/a.sock"])
def test_address_is_shown_as_it_is_written(text):
    """`netmon check` shows an address as the configuration has it."""
    assert str(parse_listen(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("10977", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "host:-1", "host:٣", "::1:80", "[::1]80"),
        *("http://127.0.0.1:80", "a b:80", "[:80", "unix:run/a.sock", "unix:", "unix:/run/", "off"),
    ],
)
def test_wrong_address_to_listen_on(text):
    """What is no address is refused, with an example of one."""
    with pytest.raises(ValueError, match="such as"):
        parse_listen(text)


def test_socket_with_a_long_path():
    """The kernel has a limit for the path of a Unix socket, and the message names it."""
    with pytest.raises(ValueError, match="at most 107 bytes"):
        parse_listen("unix:/" + "a" * 107)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("/", ""), ("", ""), ("/netmon", "/netmon"), ("netmon/", "/netmon"), ("/a/b-c.d~e_f/", "/a/b-c.d~e_f")],
)
def test_prefix(text, prefix):
    """A path with or without slashes around it."""
    assert parse_prefix(text) == prefix


@pytest.mark.parametrize("text", ["/a?b", "/a b", "//", "/a//b", "/../a", "/a/..", "/a#b", "/ä", "/%2e"])
def test_wrong_prefix(text):
    """A prefix is a plain path: nothing that a browser or a proxy would change."""
    if text == "//":
        assert parse_prefix(text) == ""
        return
    with pytest.raises(ValueError, match="is not a path"):
        parse_prefix(text)


@pytest.mark.parametrize(
    ("url", "prefix"),
    [("https://a.example", ""), ("http://a.example:80/x/", "/x"), ("https://[2001:db8::1]/x/y", "/x/y")],
)
def test_the_prefix_follows_from_the_external_url(url, prefix):
    """Unless it is set, which a proxy that removes the path needs."""
    external = parse_external_url(url)
    assert WebOptions(external_url=external).prefix == prefix
    assert WebOptions(external_url=external, route_prefix="").prefix == ""


@pytest.mark.parametrize(
    "url",
    [
        "a.example",
        "ftp://a.example",
        "https://",
        "https://a.example/?q",
        "https://u@a.example",
        "https://a:x",
    ],
)
def test_wrong_external_url(url):
    """An external URL is an http or https URL without a query and without a user."""
    with pytest.raises(ValueError, match="is not a URL"):
        parse_external_url(url)
