//! Interfaces of a pcapng file: link type, name, and what a unit of its clock is.

use super::byte_order::ByteOrder;
use std::collections::HashMap;

const END_OF_OPTIONS: u16 = 0;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Bytes of an interface's name that are kept.
const MAX_NAME: usize = 256;
/// InterfaceNames that are kept apart; what comes beyond is called `OTHERS`.
const MAX_NAMES: usize = 4096;
const OTHERS: &str = "other interfaces";

/// An interface as its description block has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct InterfaceDescription {
    pub(super) link: u16,
    pub(super) snaplen: u32,
    /// Place of its name in the file's list.
    pub(super) number: u16,
    clock: Clock,
    offset_ns: i64,
}

/// How a time stamp becomes nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// A unit is so many nanoseconds.
    Times(u64),
    /// A nanosecond is so many units.
    Over(u64),
    /// A unit is 2^-n seconds.
    Binary(u32),
}

impl Clock {
    /// if_tsresol: units of 10^-n or, with the top bit set, 2^-n seconds.
    fn parse(resolution: u8) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        match exponent {
            _ if resolution & 0x80 != 0 => Self::Binary(exponent),
            0..=9 => Self::Times(10u64.pow(9 - exponent)),
            // Units so small that no stamp reaches a nanosecond: all stamps are zero.
            _ => Self::Over(10u64.checked_pow(exponent - 9).unwrap_or(0)),
        }
    }
}

impl InterfaceDescription {
    /// Reads the body of an interface description block; with the name, if it has one.
    pub(super) fn parse(body: &[u8], order: ByteOrder) -> Option<(Self, Option<String>)> {
        let (header, mut options) = body.split_at_checked(8)?;
        let mut interface = Self {
            link: order.u16_or(header, 0),
            snaplen: order.u32_or(header, 4),
            number: 0,
            clock: Clock::parse(6),
            offset_ns: 0,
        };
        let mut name = None;
        while let Some((option, rest)) = options.split_at_checked(4) {
            let (code, length) = (order.u16_or(option, 0), usize::from(order.u16_or(option, 2)));
            let Some(value) = rest.get(..length) else { break };
            match (code, value) {
                (END_OF_OPTIONS, _) => break,
                (IF_NAME, value) => name = Some(readable(value)).filter(|name| !name.is_empty()),
                (IF_TSRESOL, [resolution, ..]) => interface.clock = Clock::parse(*resolution),
                (IF_TSOFFSET, value) => {
                    let offset_s = order.u64_or(value, 0) as i64;
                    interface.offset_ns = offset_s.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
            options = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some((interface, name))
    }

    /// Nanoseconds since 1970 of a time stamp; the nearest there is where it lies beyond.
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

/// A name as text of bounded length without control characters: it goes into reports.
fn readable(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(&value[..value.len().min(MAX_NAME)]);
    text.trim_matches('\0').chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The names of a file's interfaces. Files that were put together describe the same interface
/// again and again; it keeps its number.
#[derive(Default)]
pub(super) struct InterfaceNames {
    list: Vec<String>,
    numbers: HashMap<String, u16>,
}

impl InterfaceNames {
    /// The number of a name, the next free one for a new name.
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
