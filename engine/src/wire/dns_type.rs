//! Numbers of DNS record types (IANA, "Domain Name System (DNS) Parameters").

#![allow(missing_docs)]

use std::borrow::Cow;

pub const A: u16 = 1;
pub const CNAME: u16 = 5;
pub const AAAA: u16 = 28;
pub const SVCB: u16 = 64;
pub const HTTPS: u16 = 65;

const NAMES: [(u16, &str); 30] = [
    (A, "A"),
    (2, "NS"),
    (CNAME, "CNAME"),
    (6, "SOA"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (AAAA, "AAAA"),
    (29, "LOC"),
    (32, "NB"),
    (33, "SRV"),
    (35, "NAPTR"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (52, "TLSA"),
    (SVCB, "SVCB"),
    (HTTPS, "HTTPS"),
    (252, "AXFR"),
    (255, "ANY"),
    (257, "CAA"),
];

/// The mnemonic of a record type; `TYPE123` for one without (RFC 3597, 5).
pub fn rtype_text(rtype: u16) -> Cow<'static, str> {
    let known = NAMES.iter().find(|(number, _)| *number == rtype);
    known.map_or_else(|| Cow::Owned(format!("TYPE{rtype}")), |(_, name)| Cow::Borrowed(*name))
}
