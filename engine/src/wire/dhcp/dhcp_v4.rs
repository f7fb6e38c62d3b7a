//! DHCP for IPv4: the fixed fields (RFC 2131, 2) and options (RFC 2132; RFC 4702 for the client's full name).

use super::dhcp_name::{labelled_name, plain_name};
use super::lease::{Lease, Speaker};
use crate::address::Address;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const ETHERNET: u8 = 1;
/// The lease of a server that does not say how long it is.
const DEFAULT_LEASE_S: u32 = 86_400;

/// The options that are read. One that occurs several times is continued (RFC 3396).
#[derive(Default)]
struct DhcpOptions {
    kind: Option<u8>,
    overload: u8,
    lease_s: Option<u32>,
    host_name: Vec<u8>,
    full_name: Vec<u8>,
}

impl DhcpOptions {
    /// Reads one area of options to its end.
    fn read(&mut self, area: &[u8]) -> Result<(), Short> {
        const PAD: u8 = 0;
        const END: u8 = 255;
        let mut cursor = Cursor::new(area);
        while !cursor.is_empty() {
            match cursor.u8()? {
                PAD => {}
                END => break,
                code => self.take(code, cursor.vector8()?.rest())?,
            }
        }
        Ok(())
    }

    fn take(&mut self, code: u8, value: &[u8]) -> Result<(), Short> {
        const HOST_NAME: u8 = 12;
        const LEASE_TIME: u8 = 51;
        const OVERLOAD: u8 = 52;
        const MESSAGE_TYPE: u8 = 53;
        const FULL_NAME: u8 = 81;
        let mut content = Cursor::new(value);
        match code {
            HOST_NAME => self.host_name.extend_from_slice(value),
            FULL_NAME => self.full_name.extend_from_slice(value),
            LEASE_TIME => self.lease_s = Some(content.u32()?),
            OVERLOAD => self.overload = content.u8()?,
            MESSAGE_TYPE => self.kind = Some(content.u8()?),
            _ => {}
        }
        Ok(())
    }

    /// The full name, or else the host name.
    fn name(&self) -> Result<Option<String>, Short> {
        const IN_LABELS: u8 = 0x04;
        let mut cursor = Cursor::new(&self.full_name);
        let mut name = None;
        if !cursor.is_empty() {
            let [flags, _, _] = *cursor.array()?;
            let text = cursor.rest();
            name = if flags & IN_LABELS != 0 { labelled_name(text)? } else { plain_name(text) };
        }
        Ok(name.or_else(|| plain_name(&self.host_name)))
    }
}

/// Parses one message. `NeedMore`: it ends in its fixed fields or in an option.
///
/// # Errors
///
/// It is no message of DHCP, or an option has another form than its definition.
pub fn parse_dhcp_v4(bytes: &[u8]) -> Parse<Lease> {
    let mut cursor = Cursor::new(bytes);
    let (Ok(head), Ok(names), Ok(cookie)) =
        (cursor.array::<44>(), cursor.array::<192>(), cursor.array::<4>())
    else {
        return Ok(Progress::NeedMore);
    };
    let [op @ (1 | 2), hardware, hardware_len, ..] = *head else { return Err(Malformed("op")) };
    if *cookie != COOKIE {
        return Err(Malformed("cookie"));
    }
    if !are_complete(cursor.rest()) {
        return Ok(Progress::NeedMore);
    }
    let bad = |_: Short| Malformed("option");
    let mut options = DhcpOptions::default();
    options.read(cursor.rest()).map_err(bad)?;
    let (server_name, file) = names.split_at(64);
    for (bit, area) in [(1, file), (2, server_name)] {
        if options.overload & bit != 0 {
            options.read(area).map_err(bad)?;
        }
    }
    let address = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    let speaker = speaker(op, options.kind);
    let mut lease = Lease { speaker, name: options.name().map_err(bad)?, ..Lease::default() };
    if (hardware, hardware_len) == (ETHERNET, 6) {
        lease.mac = head[28..].first_chunk().copied();
    }
    if speaker == Speaker::Server {
        let (own, granted) = (address(12), address(16));
        let granted = if granted == [0; 4] { own } else { granted };
        if granted != [0; 4] {
            lease.addresses.push((Address::v4(granted), options.lease_s.unwrap_or(DEFAULT_LEASE_S)));
        }
    }
    Ok(Progress::Parsed(lease))
}

/// No option extends beyond the end; what is after the last one is not read.
fn are_complete(area: &[u8]) -> bool {
    let mut cursor = Cursor::new(area);
    loop {
        match cursor.u8() {
            Err(_) | Ok(255) => return true,
            Ok(0) => {}
            Ok(_) if cursor.vector8().is_err() => return false,
            Ok(_) => {}
        }
    }
}

fn speaker(op: u8, kind: Option<u8>) -> Speaker {
    const DISCOVER: u8 = 1;
    const REQUEST: u8 = 3;
    const ACK: u8 = 5;
    const INFORM: u8 = 8;
    match (op, kind) {
        (1, Some(DISCOVER | REQUEST | INFORM)) => Speaker::Client,
        (2, Some(ACK)) => Speaker::Server,
        _ => Speaker::Other,
    }
}
