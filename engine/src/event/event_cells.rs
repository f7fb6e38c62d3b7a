//! The cells of a row from which events are written, from the engine's records or from Python's.

use crate::address::Address;
use crate::report::flow_record::{InterfaceNumber, TlsVersion};
use crate::report::labels::Labels;
use crate::report::texts::{data_text, tls_version_text};
use crate::row::{Accepts, Target};
use crate::types::mac::Mac;
use crate::wire::dns::{Answer, Question};
use crate::wire::dns_type::rtype_text;
use std::borrow::Cow;
use std::convert::Infallible;

/// The value of a field; texts of Python's records are not copied.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum EventValue<'a> {
    Absent,
    Flag(bool),
    Number(u64),
    Word(&'static str),
    Text(Cow<'a, str>),
    Host(Address),
    Many(Vec<EventValue<'a>>),
}

impl<'a> EventValue<'a> {
    /// A value that holds its texts itself.
    pub fn into_owned(self) -> EventValue<'static> {
        match self {
            Self::Absent => EventValue::Absent,
            Self::Flag(value) => EventValue::Flag(value),
            Self::Number(number) => EventValue::Number(number),
            Self::Word(word) => EventValue::Word(word),
            Self::Text(text) => EventValue::Text(Cow::Owned(text.into_owned())),
            Self::Host(address) => EventValue::Host(address),
            Self::Many(values) => EventValue::Many(values.into_iter().map(EventValue::into_owned).collect()),
        }
    }

    /// False for a field without a value.
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// True for what Python calls so.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Flag(value) => *value,
            Self::Number(number) => *number != 0,
            Self::Word(word) => !word.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Host(_) => true,
            Self::Many(values) => !values.is_empty(),
        }
    }

    /// A number; 0 without one.
    pub fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            _ => 0,
        }
    }

    /// A text or word; empty without one.
    pub fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The items of a list; none without one.
    pub fn items(&self) -> &[EventValue<'a>] {
        match self {
            Self::Many(values) => values,
            _ => &[],
        }
    }

    /// An address, also one that is given as text.
    pub fn address(&self) -> Option<Address> {
        match self {
            Self::Host(address) => Some(*address),
            Self::Text(text) => text.parse().ok().map(|ip: std::net::IpAddr| ip.into()),
            _ => None,
        }
    }
}

/// Makes the cells of the engine's own records. They are read at once, so nothing is written that is not needed.
pub struct EventCells<'a> {
    /// The source's capture interfaces, by number.
    pub interfaces: &'a [String],
}

impl Target for EventCells<'_> {
    type Cell = EventValue<'static>;
    type Error = Infallible;
}

impl<T: Labels> Accepts<T> for EventCells<'_> {
    fn cell(&self, value: T) -> Result<EventValue<'static>, Infallible> {
        Ok(EventValue::Word(value.label()))
    }
}

impl<T> Accepts<Option<T>> for EventCells<'_>
where
    Self: Accepts<T, Cell = EventValue<'static>, Error = Infallible>,
{
    fn cell(&self, value: Option<T>) -> Result<EventValue<'static>, Infallible> {
        value.map_or(Ok(EventValue::Absent), |value| Accepts::<T>::cell(self, value))
    }
}

impl<T> Accepts<Vec<T>> for EventCells<'_>
where
    Self: Accepts<T, Cell = EventValue<'static>, Error = Infallible>,
{
    fn cell(&self, values: Vec<T>) -> Result<EventValue<'static>, Infallible> {
        let mut cells = Vec::with_capacity(values.len());
        for value in values {
            cells.push(Accepts::<T>::cell(self, value)?);
        }
        Ok(EventValue::Many(cells))
    }
}

fn text(text: String) -> EventValue<'static> {
    EventValue::Text(Cow::Owned(text))
}

/// Types of which a cell is made by one expression.
macro_rules! event_cells {
    ($($type:ty: |$cells:pat_param, $value:pat_param| $cell:expr,)+) => {$(
        impl Accepts<$type> for EventCells<'_> {
            fn cell(&self, value: $type) -> Result<EventValue<'static>, Infallible> {
                let ($cells, $value) = (self, value);
                Ok($cell)
            }
        }
    )+};
}

event_cells! {
    bool: |_, value| EventValue::Flag(value),
    u8: |_, value| EventValue::Number(value.into()),
    u16: |_, value| EventValue::Number(value.into()),
    u32: |_, value| EventValue::Number(value.into()),
    u64: |_, value| EventValue::Number(value),
    &'static str: |_, value| EventValue::Word(value),
    String: |_, value| text(value),
    Address: |_, address| EventValue::Host(address),
    Mac: |_, mac| text(mac.to_string()),
    TlsVersion: |_, TlsVersion(version)| text(tls_version_text(version)),
    InterfaceNumber: |cells, InterfaceNumber(number)| match cells.interfaces.get(usize::from(number)) {
        Some(name) if !name.is_empty() => text(name.clone()),
        _ => EventValue::Absent,
    },
    Question: |_, question| EventValue::Many(vec![
        text(question.name),
        text(rtype_text(question.rtype).into_owned()),
    ]),
    Answer: |_, answer| EventValue::Many(vec![
        text(answer.name),
        text(rtype_text(answer.rtype).into_owned()),
        EventValue::Number(answer.ttl_s.into()),
        text(data_text(answer.data)),
    ]),
}
