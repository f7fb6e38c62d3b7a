"""Clients are personal data: what each privacy level shows of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.errors import ConfigError
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy, read_key

KEY = bytes(range(32))
DAY_NS = 86_400_000_000_000
NOON_NS = 20_000 * DAY_NS + DAY_NS // 2  # 2024-10-04
ADDRESSES = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("level", "address", "shown"),
    [
        (ADDRESS, "192.0.2.17", "192.0.2.17"),
        (ADDRESS, "2001:db8:1:2::17", "2001:db8:1:2::17"),
        (NETWORK, "192.0.2.17", "192.0.2.0/24"),
        (NETWORK, "2001:db8:1:2::17", "2001:db8:1::/48"),
        (NOTHING, "192.0.2.17", None),
    ],
)
def test_levels_without_a_key(level, address, shown):
    """Level 0 shows the address, 2 its /24 or /48, 3 nothing."""
    assert Privacy(level, KEY).show(address, NOON_NS) == shown


def test_pseudonym_is_the_documented_one():
    """HMAC-SHA256 over the address under HMAC-SHA256(key, ISO day), 64 bits of it in hexadecimal."""
    # python3 -c 'import hmac; day = hmac.digest(bytes(range(32)), b"2024-10-04", "sha256");
    #             print(hmac.digest(day, b"192.0.2.17", "sha256").hex()[:16])'
    assert Privacy(PSEUDONYM, KEY).show("192.0.2.17", NOON_NS) == "client-a70e6ec833b3d7a2"


@given(ADDRESSES, ADDRESSES)
def test_pseudonyms_distinguish_clients_within_a_day(one, other):
    """The same client has the same pseudonym all day, and no two clients share one."""
    privacy = Privacy(PSEUDONYM, KEY)
    first = privacy.show(one, 5 * DAY_NS)
    assert privacy.show(one, 6 * DAY_NS - 1) == first
    assert (privacy.show(other, 5 * DAY_NS) == first) == (one == other)


def test_pseudonyms_change_with_the_day():
    """No client can be followed from one UTC day to the next; an earlier day gives its pseudonyms again."""
    privacy = Privacy(PSEUDONYM, KEY)
    midnight = 20_001 * DAY_NS
    before, after, again = (privacy.show("192.0.2.17", t) for t in (midnight - 1, midnight, midnight - 1))
    assert before == again != after


def test_pseudonyms_depend_on_the_key():
    """Another key gives other pseudonyms."""
    shown = {Privacy(PSEUDONYM, key).show("192.0.2.17", NOON_NS) for key in (KEY, KEY[::-1])}
    assert len(shown) == 2


def test_without_a_key_file_each_process_has_its_own_key():
    """It is a random key of 32 bytes."""
    assert read_key(None) != read_key(None)
    assert len(read_key(None)) == 32


def test_key_file_is_used(tmp_path):
    """All bytes of the file are the key, whatever their values."""
    file = tmp_path / "key"
    file.write_bytes(b"\n" + KEY + b" ")
    assert read_key(file) == b"\n" + KEY + b" "


def test_short_key_is_refused(tmp_path):
    """A key that could be guessed is rejected in one line that says how to create a good one."""
    file = tmp_path / "key"
    file.write_bytes(b"secret")
    with pytest.raises(ConfigError) as caught:
        read_key(file)
    assert str(caught.value) == (
        f"{file}: a key of 6 bytes is too short; create one of 32 bytes with: "
        f"head -c 32 /dev/urandom > {file}"
    )


def test_missing_key_is_refused(tmp_path):
    """A missing key file is reported in one line, never silently replaced by a random key."""
    with pytest.raises(ConfigError, match="key: no such file or directory"):
        read_key(tmp_path / "key")
