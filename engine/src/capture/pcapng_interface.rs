//! Interfaces of a pcapng file: link type, name, and timestamp resolution.

use super::byte_order::ByteOrder;
use std::collections::HashMap;

const END_OF_OPTIONS: u16 = 0;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Maximum length of an interface name in bytes.
const MAX_NAME: usize = 256;
/// Maximum number of distinct names; further interfaces are called `OTHERS`.
const MAX_NAMES: usize = 4096;
const OTHERS: &str = "other interfaces";

/// The contents of an interface description block.
#[derive(Clone, Copy, Debug)]
pub(super) struct InterfaceDescription {
    pub(super) link: u16,
    pub(super) snaplen: u32,
    /// Index of its name in the file's list.
    pub(super) number: u16,
    clock: Clock,
    pub(super) offset_ns: i64,
}

/// The unit of a timestamp.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// Nanoseconds per unit.
    Times(u64),
    /// Units per nanosecond.
    Over(u64),
    /// Units of 2^-n seconds.
    Binary(u32),
}

impl Clock {
    /// if_tsresol: units of 10^-n or, with the top bit set, 2^-n seconds.
    fn parse(resolution: u8) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        match exponent {
            _ if resolution & 0x80 != 0 => Self::Binary(exponent),
            0..=9 => Self::Times(10u64.pow(9 - exponent)),
            // Units so small that every timestamp is below a nanosecond and becomes zero.
            _ => Self::Over(10u64.checked_pow(exponent - 9).unwrap_or(0)),
        }
    }
}

impl InterfaceDescription {
    /// Reads the body of an interface description block: the interface, and its name if it has one.
    pub(super) fn parse(body: &[u8], order: ByteOrder) -> Option<(Self, Option<String>)> {
        let (header, mut options) = body.split_at_checked(8)?;
        let mut interface = Self {
            link: order.u16_or_zero(header, 0),
            snaplen: order.u32_or_zero(header, 4),
            number: 0,
            clock: Clock::parse(6),
            offset_ns: 0,
        };
        let mut name = None;
        while let Some((option, rest)) = options.split_at_checked(4) {
            let (code, length) = (order.u16_or_zero(option, 0), usize::from(order.u16_or_zero(option, 2)));
            let Some(value) = rest.get(..length) else { break };
            match (code, value) {
                (END_OF_OPTIONS, _) => break,
                (IF_NAME, value) => name = Some(printable(value)).filter(|name| !name.is_empty()),
                (IF_TSRESOL, [resolution, ..]) => interface.clock = Clock::parse(*resolution),
                (IF_TSOFFSET, value) => {
                    let offset_s = order.u64_or_zero(value, 0) as i64;
                    interface.offset_ns = offset_s.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
            options = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some((interface, name))
    }

    /// A timestamp in nanoseconds since 1970, saturating at the bounds.
    #[inline]
    pub(super) fn time_ns(&self, stamp: u64) -> u64 {
        let ns = match self.clock {
            Clock::Times(factor) => stamp.saturating_mul(factor),
            Clock::Over(units) => stamp.checked_div(units).unwrap_or(0),
            Clock::Binary(bits) => {
                let ns = (u128::from(stamp) * 1_000_000_000) >> bits;
                u64::try_from(ns).unwrap_or(u64::MAX)
            }
        };
        ns.saturating_add_signed(self.offset_ns)
    }
}

/// A name as text of bounded length without control characters, for use in reports.
fn printable(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(&value[..value.len().min(MAX_NAME)]);
    text.trim_matches('\0').chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The interface names of a file. A merged file may describe the same interface repeatedly; it keeps its
/// number.
#[derive(Default)]
pub(super) struct InterfaceNames {
    list: Vec<String>,
    numbers: HashMap<String, u16>,
}

impl InterfaceNames {
    /// The number of a name; a new name gets the next free number.
    pub(super) fn number(&mut self, name: String) -> u16 {
        if let Some(&number) = self.numbers.get(&name) {
            return number;
        }
        let name = if self.list.len() < MAX_NAMES { name } else { OTHERS.to_owned() };
        let next = self.list.len() as u16;
        let list = &mut self.list;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            list.push(name.clone());
            next
        })
    }

    /// All names, by number.
    pub(super) fn list(&self) -> &[String] {
        &self.list
    }
}
