//! Extension numbers, DTLS versions, and GREASE values in a ClientHello.

// The extensions that are parsed (<https://www.iana.org/assignments/tls-extensiontype-values>).
pub(super) const SERVER_NAME: u16 = 0;
pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
pub(super) const ALPN: u16 = 16;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
pub(super) const ENCRYPTED_SERVER_NAME: u16 = 0xffce;

/// True for a version of DTLS.
pub(super) fn is_dtls(version: u16) -> bool {
    version >> 8 == 0xfe
}

/// True for a GREASE value, which clients send so that servers keep ignoring unknown values (RFC 8701).
pub(super) fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}
