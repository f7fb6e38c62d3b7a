"""The captures of `tests/golden/`: one function for each; its docstring states the purpose.

python -m tests.craft.golden      rewrites every tests/golden/*/input.* and README.md
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

from tests.craft import golden_certificates as certificates
from tests.craft import golden_datagrams as datagrams
from tests.craft import golden_embedded as embedded
from tests.craft import golden_hidden as hidden
from tests.craft import golden_machines as machines
from tests.craft import golden_names as names
from tests.craft import golden_payloads as payloads
from tests.craft import golden_preambles as preambles
from tests.craft import golden_requests as requests
from tests.craft import golden_round_trips as round_trips
from tests.craft import golden_streams as streams
from tests.craft import golden_tenants as tenants
from tests.craft import golden_time as time
from tests.craft import golden_view as view
from tests.craft import golden_wrappings as wrappings

FOLDER = Path(__file__).parents[1] / "golden"

CASES: tuple[Callable[[], bytes], ...] = (
    streams.complete_hello,
    streams.post_quantum_hello,
    streams.reordered_hello,
    streams.overlapping_retransmission,
    streams.two_records,
    streams.tiny_segments,
    streams.no_syn,
    streams.client_side_only,
    streams.server_side_only,
    streams.vlan,
    streams.qinq,
    streams.sll,
    streams.sll2,
    streams.raw_ip,
    streams.null_link,
    streams.ipv6_extension_headers,
    streams.ipv4_options,
    streams.snap_length,
    streams.coalesced_frame,
    names.dns_client,
    names.dns_any,
    names.dns_over_tcp,
    names.dns_over_tcp_in_segments,
    names.cname_chain,
    names.https_hints,
    names.ech_grease,
    hidden.ech_by_record,
    hidden.ech_known_public_name,
    hidden.ech_vendor_public_name,
    hidden.encrypted_dns,
    hidden.fallback_resolver,
    names.port_8443,
    names.lookalikes,
    streams.big_endian_pcapng,
    streams.truncated_file,
    names.candidates,
    names.idle_and_port_reuse,
    names.three_places,
    datagrams.dns_in_fragments,
    datagrams.dns_in_ipv6_fragments,
    datagrams.overlapping_fragments,
    datagrams.dtls_hello,
    datagrams.google_quic,
    datagrams.dns_on_an_odd_port,
    datagrams.dns_by_both_directions,
    datagrams.dns_first_fragment,
    datagrams.quic_versions,
    preambles.http_host,
    preambles.http_absolute_form,
    preambles.http_connect,
    preambles.proxy_headers,
    preambles.starttls_smtp,
    preambles.starttls_imap,
    preambles.starttls_pop3,
    preambles.starttls_xmpp,
    preambles.starttls_ldap,
    preambles.starttls_after_refusals,
    preambles.no_starttls,
    requests.socks,
    requests.http2,
    requests.requests_for_tls,
    requests.sql_server,
    requests.probe_before_the_hello,
    requests.probe_behind_a_preamble,
    requests.names_that_cannot_be,
    certificates.certificate,
    certificates.certificate_seen_alone,
    certificates.certificate_wildcard,
    certificates.certificate_of_many,
    certificates.certificate_of_a_stranger,
    certificates.certificate_after_starttls,
    payloads.payload_magic,
    payloads.payload_and_name,
    wrappings.wrapped_by_the_mirror,
    wrappings.tagged_by_the_mirror,
    wrappings.tunnelled_by_the_mirror,
    wrappings.link_types,
    wrappings.snoop_file,
    wrappings.not_decoded,
    wrappings.quic_hellos,
    view.mirrored_twice,
    view.late_syn,
    view.retransmitted_at_once,
    view.lossy_mirror,
    embedded.embedded_addresses,
    round_trips.moscow_excluded,
    round_trips.promise_excluded,
    round_trips.round_trips_not_measured,
    round_trips.intercepted,
    round_trips.quic_round_trip,
    time.resting_connection,
    time.port_used_again_after_silence,
    time.quic_rebinding,
    time.stray_times,
    time.clock_set_back,
    time.two_clocks,
    tenants.overlapping_vlans,
    tenants.separated_vlans,
    tenants.look_up_in_another_vlan,
    machines.dhcp_exchange,
    machines.mdns_announcement,
    machines.router_in_between,
    machines.one_hardware_address_of_many,
    tenants.look_up_in_an_overlay,
)


def input_name(case: Callable[[], bytes]) -> str:
    """The name of a case's capture file."""
    if case is wrappings.snoop_file:
        return "input.snoop"
    several_interfaces = (streams.big_endian_pcapng, time.two_clocks, wrappings.link_types)
    return "input.pcapng" if case in several_interfaces else "input.pcap"


def config(case: Callable[[], bytes]) -> Path:
    """The configuration that a case is read with: its own, or the common one."""
    own = FOLDER / case.__name__ / "netmon.yaml"
    return own if own.exists() else FOLDER / "netmon.yaml"


def readme(case: Callable[[], bytes]) -> str:
    """The README of a case: its purpose, the expected result, its origin."""
    first, _, rest = (case.__doc__ or "").partition("\n\n")
    title = case.__name__.replace("_", " ")
    expected = textwrap.dedent(rest).strip()
    origin = f"Crafted by `{case.__name__}` in `{case.__module__.replace('.', '/')}.py`; not real traffic."
    return f"# {title}\n\n{first.strip()}\n\n{expected}\n\n{origin}\n"


def write() -> None:
    """Writes every case's capture and README."""
    for case in CASES:
        folder = FOLDER / case.__name__
        folder.mkdir(parents=True, exist_ok=True)
        (folder / input_name(case)).write_bytes(case())
        (folder / "README.md").write_text(readme(case), encoding="utf-8")


if __name__ == "__main__":
    write()
