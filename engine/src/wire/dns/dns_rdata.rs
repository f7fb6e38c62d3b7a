//! Record data: addresses, aliases and service bindings (RFC 1035, 3.3; RFC 3596; RFC 9460).

use super::dns_name::read_name;
use super::dns_type::{A, AAAA, CNAME, HTTPS, SVCB};
use crate::address::Address;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Malformed;
use crate::wire::bytes::text::escaped;

pub(super) const INTERNET: u16 = 1;
/// In multicast DNS the upper bit of the class is a flag (RFC 6762, 10.2).
const CLASS: u16 = 0x7fff;

const BAD: Malformed = Malformed("rdata");

/// The data of a record, for the types of use here.
#[derive(Debug, PartialEq, Eq)]
pub enum Data {
    /// A or AAAA.
    Address(Address),
    /// CNAME.
    Alias(String),
    /// SVCB or HTTPS (RFC 9460).
    Service(Box<Service>),
    /// Any other type.
    Other,
}

/// The data of an SVCB or HTTPS record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// SvcPriority; 0 is alias mode.
    pub priority: u16,
    /// TargetName; ".": the owner name itself.
    pub target: String,
    /// ipv4hint and ipv6hint.
    pub hints: Vec<Address>,
    /// The alpn parameter.
    pub alpn: Vec<String>,
    /// The ech parameter, as sent.
    pub ech: Option<Vec<u8>>,
}

/// Reads the `length` bytes of record data at `cursor`, a reader inside `message`, and leaves the cursor
/// after them.
pub(super) fn read_rdata<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
    length: u16,
    rtype: u16,
    rclass: u16,
) -> Result<Data, Malformed> {
    let bytes = cursor.take(usize::from(length))?;
    // Compression pointers in record data refer to bytes before its end.
    let until = message.len().saturating_sub(cursor.rest().len());
    let message = message.get(..until).ok_or(Short)?;
    let mut rdata = Cursor::new(bytes);
    if rclass & CLASS != INTERNET {
        return Ok(Data::Other);
    }
    // Dynamic updates delete records with empty data (RFC 2136, 2.5).
    if rdata.is_empty() {
        return Ok(Data::Other);
    }
    let data = match rtype {
        A => Data::Address(Address::v4(*rdata.array().map_err(|_| BAD)?)),
        AAAA => Data::Address(Address::v6(*rdata.array().map_err(|_| BAD)?)),
        CNAME => Data::Alias(read_name(message, &mut rdata)?),
        SVCB | HTTPS => Data::Service(Box::new(read_service(message, &mut rdata)?)),
        _ => return Ok(Data::Other),
    };
    if rdata.is_empty() {
        Ok(data)
    } else {
        Err(BAD)
    }
}

/// RFC 9460, 2.2: priority, target, and parameters in ascending order of their keys.
fn read_service<'a>(message: &'a [u8], rdata: &mut Cursor<'a>) -> Result<Service, Malformed> {
    const ALPN: u16 = 1;
    const IPV4_HINT: u16 = 4;
    const ECH: u16 = 5;
    const IPV6_HINT: u16 = 6;

    let priority = rdata.u16().map_err(|_| BAD)?;
    let target = read_name(message, rdata)?;
    let mut service = Service { priority, target, ..Service::default() };
    let mut last_key = None;
    while !rdata.is_empty() {
        let key = rdata.u16().map_err(|_| BAD)?;
        if last_key >= Some(key) {
            return Err(BAD);
        }
        last_key = Some(key);
        let mut value = rdata.vector16().map_err(|_| BAD)?;
        match key {
            ALPN => service.alpn = read_alpn(&mut value).map_err(|_| BAD)?,
            ECH => service.ech = Some(value.rest().to_vec()),
            IPV4_HINT => read_hints(&mut value, &mut service.hints, Address::v4).map_err(|_| BAD)?,
            IPV6_HINT => read_hints(&mut value, &mut service.hints, Address::v6).map_err(|_| BAD)?,
            _ => {}
        }
    }
    Ok(service)
}

fn read_alpn(value: &mut Cursor) -> Result<Vec<String>, Short> {
    let mut protocols = Vec::new();
    while !value.is_empty() {
        protocols.push(escaped(value.vector8()?.rest()));
    }
    Ok(protocols)
}

fn read_hints<const N: usize>(
    value: &mut Cursor,
    hints: &mut Vec<Address>,
    address: fn([u8; N]) -> Address,
) -> Result<(), Short> {
    while !value.is_empty() {
        hints.push(address(*value.array()?));
    }
    Ok(())
}
