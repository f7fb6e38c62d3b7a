"""The words for codes that several outputs have. Each is a text of the catalogues (`_` marks it for them)."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.marking import _

OUTCOME: Mapping[str, str] = {
    "expected": _("expected"),
    "unexpected": _("unexpected"),
    "undecided": _("undecided"),
    "forbidden": _("forbidden"),
}
SEVERITY: Mapping[str, str] = {
    "notice": _("notice"),
    "warning": _("warning"),
    "critical": _("critical"),
}
LACK: Mapping[str, str] = {
    "place": _("place not established"),
    "promise": _("place known, nothing promised"),
    "evidence": _("evidence incomplete"),
}
CONFIDENCE: Mapping[str, str] = {
    "agreed": _("agreed"),
    "disputed": _("disputed"),
    "single": _("single"),
    "unknown": _("unknown"),
}
UNCOUNTED: Mapping[str, str] = {
    "not_shown": _("not shown to be the vendor's"),
    "redirected": _("to addresses that are not on the Internet"),
    "unseen": _("of which too little was seen"),
    "no_data": _("without any exchange of data"),
}
EVIDENCE: Mapping[str, str] = {
    "sni": _("server name in the TLS hello"),
    "quic_sni": _("server name in the QUIC hello"),
    "http_host": _("host name in the HTTP request"),
    "certificate": _("server's certificate"),
    "dns_client": _("this client's DNS look-up"),
    "dns_any": _("another client's DNS look-up"),
    "dns_unsolicited": _("DNS answer without a query"),
    "payload": _("first bytes of the connection"),
    "network": _("address in a network of the vendor"),
    "ech_outer": _("public name of an encrypted hello"),
    "none": _("nothing"),
}
UNNAMED: Mapping[str, str] = {
    "ech": _("the name is encrypted (ECH)"),
    "no_hello_seen": _("no complete hello was seen"),
    "no_server_name": _("the hello has no server name"),
    "truncated_capture": _("packets were cut by the capture"),
    "encrypted_dns": _("it is encrypted DNS"),
    "started_before_sensor": _("began before the capture"),
    "start_unknown": _("its beginning was not seen"),
    "not_tls": _("not TLS, and no DNS look-up was seen"),
    "malformed": _("malformed"),
    "unknown_quic_version": _("unknown version of QUIC"),
}
