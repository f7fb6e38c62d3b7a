"""Words for the values of labels: what a panel shows instead of the id in the metric."""

from collections.abc import Mapping

EVIDENCE = {
    "sni": "TLS name",
    "quic_sni": "QUIC name",
    "http_host": "HTTP name",
    "certificate": "Certificate",
    "dns_client": "DNS, same client",
    "dns_any": "DNS, other host",
    "dns_unsolicited": "DNS, no query",
    "payload": "First bytes",
    "network": "Network",
    "ech_outer": "ECH outer name",
    "none": "None",
}
UNNAMED = {
    "ech": "Encrypted (ECH)",
    "no_hello_seen": "No hello seen",
    "no_server_name": "No server name",
    "truncated_capture": "Packets truncated",
    "encrypted_dns": "Encrypted DNS",
    "started_before_sensor": "Began earlier",
    "start_unknown": "Start not seen",
    "not_tls": "Not TLS",
    "malformed": "Malformed",
    "unknown_quic_version": "Unknown QUIC version",
}
VIEW = {
    "dropped": "The kernel drops packets",
    "interface_dropped": "The interface drops packets",
    "unseen": "The mirror loses bytes",
    "one_way": "One direction is missing",
    "answers_only": "DNS queries are missing",
    "duplicates": "Packets are mirrored twice",
    "gap": "Hellos have gaps",
    "cut": "Packets are truncated",
    "coalesced": "Offloading merges packets",
    "clock": "Clocks differ or were set",
    "misdated": "Packets have wrong times",
    "undecoded": "Packets cannot be decoded",
    "overlapping": "Addresses overlap",
}
DROPS = {"kernel": "by the kernel", "interface": "by the interface"}
ENCRYPTED_DNS = {"dot": "over TLS (DoT)", "doh": "over HTTPS (DoH)", "doq": "over QUIC (DoQ)"}
ECH = {"used": "name is encrypted", "grease": "random placeholder (GREASE)"}
QUIC = {
    "v1": "version 1",
    "v2": "version 2",
    "draft": "drafts of version 1",
    "google": "Google's own",
    "mvfst": "Meta's own",
    "unknown": "other versions",
}
TABLES = {
    "flows": "flows",
    "heads": "beginnings of streams",
    "fragments": "fragments of packets",
    "queries": "DNS queries",
    "idle_connections": "remembered connections",
    "pending_syns": "unanswered SYNs",
    "names": "names from DNS",
    "clients": "clients of names",
    "nat64_networks": "NAT64 networks",
    "machines": "machines of clients",
    "evidence": "packets for evidence",
    "round_trips": "round trips",
    "destinations": "destinations",
    "counted_machines": "machines of a period",
}
QUESTIONS = {"vendor": "its own name", "other": "another name", "unknown": "encrypted"}
DESTINATIONS = {"network": "network", "country": "country"}
STANDINGS = {
    "located": "Located there",
    "possible": "Possible",
    "unknown": "Unknown",
    "excluded": "Excluded",
}
NO_PLACE = {"disputed": "disputed", "unknown": "not known", "other": "others"}
"""Values of `location` and `country` that are neither a location nor a country."""
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "Place": NO_PLACE,
    "Country": NO_PLACE,
    "New": DESTINATIONS,
    "Asked for": QUESTIONS,
    "Problem": VIEW,
}
"""The headings of columns whose values have words."""
