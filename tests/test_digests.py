"""The engine hashes and packs as Python's own modules do, which take longer to import."""

import hashlib
import socket

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon._engine import packed_address, sha256, sha256_of_files


@given(st.binary())
def test_a_digest_is_that_of_hashlib(data):
    """SHA-256."""
    assert sha256(data) == hashlib.sha256(data).digest()


def test_a_digest_of_files_has_their_names_and_lengths(tmp_path):
    """So that no other files have the same one, whatever they contain."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"abc")
    other.write_bytes(b"")
    text = f"start{one} 3\nabc{other} 0\n"
    assert sha256_of_files(b"start", [one, other]) == hashlib.sha256(text.encode()).digest()


def test_files_that_cannot_be_read_are_an_error(tmp_path):
    """As for Python's own reading."""
    with pytest.raises(FileNotFoundError):
        sha256_of_files(b"", [tmp_path / "none"])


@given(st.ip_addresses())
def test_an_address_is_packed(address):
    """In the order of the network."""
    assert packed_address(str(address)) == address.packed


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2", "192.0.2.01", "192.0.2.256", "fe80::1%eth0", "::ffff:192.0.2.1", "1::2::3"],
)
def test_texts_are_addresses_where_they_are_for_the_system(text):
    """Neither abbreviations nor scopes."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        packed = socket.inet_pton(family, text)
    except OSError:
        with pytest.raises(ValueError, match="not an IP address"):
            packed_address(text)
    else:
        assert packed_address(text) == packed
