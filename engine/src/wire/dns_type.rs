//! Numbers of DNS record types.

/// The mnemonic of a record type.
pub fn rtype_text(rtype: u16) -> String {
    format!("TYPE{rtype}")
}
