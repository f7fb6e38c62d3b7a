"""Certificates made by an independent library, extracted from TLS by the engine."""

from __future__ import annotations

import datetime

import hypothesis.strategies as st
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given

from netmon._engine import Engine, Matcher
from netmon.records import FlowRecord
from tests.craft import tls
from tests.craft.golden_certificates import HELLO
from tests.craft.scene import RAW, connection

KEY = ec.generate_private_key(ec.SECP256R1())
DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
NAMES = st.one_of(HOSTS, HOSTS.map("*.{}".format))
LONGEST_COMMON_NAME = 64  # RFC 5280, appendix A.1
COMMON_NAMES = NAMES.filter(lambda name: len(name) <= LONGEST_COMMON_NAME)
# A valid attribute of a name: any text without control characters, at most 64 characters long.
TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60)


def make(common_name: str | None, organisation: str, names: list[str]) -> bytes:
    """A self-signed certificate, in DER."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    issuer = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"), *attributes])
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateBuilder().subject_name(x509.Name(attributes)).issuer_name(issuer)
    builder = builder.public_key(KEY.public_key()).serial_number(4711)
    builder = builder.not_valid_before(DAY).not_valid_after(DAY + datetime.timedelta(days=90))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if names:
        alternatives: list[x509.GeneralName] = [x509.RFC822Name("postmaster@example.com")]
        alternatives += [x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def read(certificate: bytes) -> FlowRecord:
    """The flow in which a server presents the certificate to a client without SNI."""
    talk = connection()
    talk.open()
    talk.send(HELLO)
    talk.receive(tls.server_flight_in_clear("real", [certificate]))
    engine = Engine(Matcher([], [], []), every_flow=True)
    for sent in talk.sent:
        engine.feed(sent.time_ns, RAW, sent.packet, len(sent.packet))
    (row,) = engine.finish()[0]
    return FlowRecord(*row)


@given(
    common_name=st.one_of(st.none(), TEXTS, COMMON_NAMES),
    organisation=TEXTS,
    names=st.lists(NAMES, max_size=5),
)
def test_certificate_fields_are_those_it_was_made_with(
    common_name: str | None, organisation: str, names: list[str]
) -> None:
    """Subject, issuer and names are those given, for any text; the flow is named by one of them."""
    flow = read(make(common_name, organisation, names))
    assert flow.certificate_subject == common_name
    assert flow.certificate_issuer == f"C=CH, O={organisation}"
    assert sorted(flow.certificate_names) == sorted(names)
    if names:
        assert flow.evidence == "certificate"
        assert flow.name == (common_name if common_name in names else names[0])
