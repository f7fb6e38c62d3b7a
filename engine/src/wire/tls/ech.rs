//! Encrypted Client Hello configurations (RFC 9849, 4) in the `ech` parameter of an HTTPS or SVCB record (RFC
//! 9848): the public names that outer hellos will show.

use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::dns_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

/// The version of RFC 9849; configurations of other versions are skipped (RFC 9849, 4).
const VERSION: u16 = 0xfe0d;
/// Maximum number of names kept from one list: servers publish one, or a few during a key rotation.
const MAX_NAMES: usize = 8;

const BAD: Malformed = Malformed("ech");

/// The distinct public names of an ECHConfigList in lower case. `NeedMore`: the list is shorter than its
/// length field says.
///
/// # Errors
///
/// A configuration with an inconsistent length, or bytes after the list.
pub fn parse_public_names(list: &[u8]) -> Parse<Vec<String>> {
    let mut cursor = Cursor::new(list);
    let Ok(length) = cursor.u16() else { return Ok(Progress::NeedMore) };
    let Some(configs) = cursor.rest().get(..usize::from(length)) else { return Ok(Progress::NeedMore) };
    if configs.is_empty() || configs.len() != cursor.rest().len() {
        return Err(BAD);
    }
    let mut names: Vec<String> = Vec::new();
    let mut configs = Cursor::new(configs);
    while !configs.is_empty() {
        let mut next = || Ok((configs.u16()?, configs.vector16()?));
        let (version, contents) = next().map_err(|_: Short| BAD)?;
        if version != VERSION {
            continue;
        }
        let name = read_public_name(contents).map_err(|_| BAD)?;
        if names.len() < MAX_NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(Progress::Parsed(names))
}

/// ECHConfigContents: key configuration, maximum_name_length, public_name, extensions.
fn read_public_name(mut contents: Cursor) -> Result<String, Short> {
    let _config_id = contents.u8()?;
    let _kem = contents.u16()?;
    let _public_key = contents.vector16()?;
    let _cipher_suites = contents.vector16()?;
    let _maximum_name_length = contents.u8()?;
    let name = contents.vector8()?.rest();
    let _extensions = contents.vector16()?;
    let name = dns_name(name).unwrap_or_default();
    if name.is_empty() || !contents.is_empty() {
        return Err(Short);
    }
    Ok(name)
}
