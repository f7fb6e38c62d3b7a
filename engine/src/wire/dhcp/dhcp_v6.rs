//! DHCP for IPv6 (RFC 8415), with the client's full name (RFC 4704) and its hardware address as a relay saw it
//! (RFC 6939).

use super::dhcp_name::labelled_name;
use super::lease::{Lease, Speaker};
use crate::address::Address;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
/// A message passes at most so many relays (RFC 8415, 7.6: HOP_COUNT_LIMIT).
const MAX_RELAYS: usize = 8;
/// Addresses kept of one message.
const MAX_ADDRESSES: usize = 16;
const BAD: Malformed = Malformed("option");

/// One option: its code and its content.
fn next_option<'a>(cursor: &mut Cursor<'a>) -> Result<(u16, Cursor<'a>), Short> {
    Ok((cursor.u16()?, cursor.vector16()?))
}

/// Parses one message, with the relays around it. `NeedMore`: it ends in its header or in an option.
///
/// # Errors
///
/// An option has another form than its definition, or there are too many relays.
pub fn parse_dhcp_v6(bytes: &[u8]) -> Parse<Lease> {
    let mut lease = Lease::default();
    let mut message = Cursor::new(bytes);
    for relays in 0..=MAX_RELAYS {
        let Ok(kind) = message.u8() else { return need_more(relays) };
        let header = if matches!(kind, RELAY_FORWARD | RELAY_REPLY) { 33 } else { 3 };
        if message.take(header).is_err() {
            return need_more(relays);
        }
        if relays == 0 && !are_complete(message) {
            return Ok(Progress::NeedMore);
        }
        if !matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
            lease.speaker = speaker(kind);
            read_options(message, &mut lease).map_err(|_| BAD)?;
            return Ok(Progress::Parsed(lease));
        }
        match read_relay(message, &mut lease).map_err(|_| BAD)? {
            Some(inside) => message = inside,
            None => return Err(Malformed("relay")),
        }
    }
    Err(Malformed("relay"))
}

/// What is inside an option is complete, or else the option is wrong.
fn need_more(relays: usize) -> Parse<Lease> {
    if relays == 0 {
        Ok(Progress::NeedMore)
    } else {
        Err(BAD)
    }
}

fn are_complete(mut cursor: Cursor<'_>) -> bool {
    while !cursor.is_empty() {
        if next_option(&mut cursor).is_err() {
            return false;
        }
    }
    true
}

fn speaker(kind: u8) -> Speaker {
    match kind {
        1 | 3 | 4 | 5 | 6 | 11 => Speaker::Client, // solicit, request, confirm, renew, rebind, information-request
        7 => Speaker::Server,                      // reply
        _ => Speaker::Other,
    }
}

/// The message that a relay passes on. It notes the hardware address that the relay nearest to the client saw.
fn read_relay<'a>(mut options: Cursor<'a>, lease: &mut Lease) -> Result<Option<Cursor<'a>>, Short> {
    const MESSAGE: u16 = 9;
    const LINK_LAYER_ADDRESS: u16 = 79;
    const ETHERNET: u16 = 1;
    let mut inside = None;
    while !options.is_empty() {
        let (code, mut content) = next_option(&mut options)?;
        match code {
            MESSAGE => inside = Some(content),
            LINK_LAYER_ADDRESS if content.u16()? == ETHERNET => lease.mac = Some(*content.array()?),
            _ => {}
        }
    }
    Ok(inside)
}

fn read_options(mut options: Cursor<'_>, lease: &mut Lease) -> Result<(), Short> {
    const PERMANENT: u16 = 3;
    const TEMPORARY: u16 = 4;
    const FULL_NAME: u16 = 39;
    while !options.is_empty() {
        let (code, mut content) = next_option(&mut options)?;
        match code {
            PERMANENT => {
                content.take(12)?; // identifier and times
                read_addresses(content, lease)?;
            }
            TEMPORARY => {
                content.take(4)?; // identifier
                read_addresses(content, lease)?;
            }
            FULL_NAME => {
                content.u8()?; // flags
                lease.name = labelled_name(content.rest())?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The addresses that a server grants; one that it withdraws is valid for no time.
fn read_addresses(mut options: Cursor<'_>, lease: &mut Lease) -> Result<(), Short> {
    const ADDRESS: u16 = 5;
    while !options.is_empty() {
        let (code, mut content) = next_option(&mut options)?;
        if code != ADDRESS {
            continue;
        }
        let address = Address::v6(*content.array()?);
        let (_preferred_s, valid_s) = (content.u32()?, content.u32()?);
        let is_granted = lease.speaker == Speaker::Server && valid_s > 0;
        if is_granted && lease.addresses.len() < MAX_ADDRESSES {
            lease.addresses.push((address, valid_s));
        }
    }
    Ok(())
}
