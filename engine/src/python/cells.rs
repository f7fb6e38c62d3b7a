//! The fields of rows as Python objects: one conversion for each type of value, and its annotation.

use crate::address::Address;
use crate::report::flow_record::{InterfaceNumber, TlsVersion};
use crate::report::limitation::Limitation;
use crate::report::phase::Phase;
use crate::row::{Accepts, Target};
use crate::types::contact::Contact;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::end_reason::EndReason;
use crate::types::evidence::Evidence;
use crate::types::grounds::Grounds;
use crate::types::interception::Interception;
use crate::types::mac::Mac;
use crate::types::protocol::Protocol;
use crate::types::unnamed::Unnamed;
use crate::types::withheld::Withheld;
use crate::wire::dns::{Answer, Data, Question, Service};
use crate::wire::dns_type::rtype_text;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::IntoPyObjectExt;

type Cell<'py> = Bound<'py, PyAny>;

/// Makes the cells of a batch.
pub struct Cells<'a, 'py> {
    /// The interpreter.
    pub py: Python<'py>,
    /// The source's capture interfaces, by number.
    pub interfaces: &'a [String],
}

impl<'py> Target for Cells<'_, 'py> {
    type Cell = Cell<'py>;
    type Error = PyErr;
}

/// A closed set of words.
trait Labels {
    fn all() -> Vec<&'static str>;
    fn label(self) -> &'static str;
}

/// Types that list their values in `ALL` and call each by its `label`.
macro_rules! labels {
    ($($type:ty,)+) => {$(
        impl Labels for $type {
            fn all() -> Vec<&'static str> {
                Self::ALL.map(Self::label).to_vec()
            }

            fn label(self) -> &'static str {
                self.label()
            }
        }
    )+};
}

labels! { Contact, EchState, EncryptedDns, EndReason, Evidence, Grounds, Interception, Limitation, Protocol, Unnamed, Withheld, }

impl Labels for Phase {
    fn all() -> Vec<&'static str> {
        Self::LABELS.to_vec()
    }

    fn label(self) -> &'static str {
        self.label()
    }
}

impl<'py, T: Labels> Accepts<T> for Cells<'_, 'py> {
    fn type_name() -> String {
        format!("Literal{:?}", T::all())
    }

    fn cell(&self, value: T) -> PyResult<Cell<'py>> {
        value.label().into_bound_py_any(self.py)
    }
}

impl<'py, T> Accepts<Option<T>> for Cells<'_, 'py>
where
    Self: Accepts<T, Cell = Cell<'py>, Error = PyErr>,
{
    fn type_name() -> String {
        format!("{} | None", <Self as Accepts<T>>::type_name())
    }

    fn cell(&self, value: Option<T>) -> PyResult<Cell<'py>> {
        value.map_or_else(|| Ok(self.py.None().into_bound(self.py)), |value| Accepts::<T>::cell(self, value))
    }
}

impl<'py, T> Accepts<Vec<T>> for Cells<'_, 'py>
where
    Self: Accepts<T, Cell = Cell<'py>, Error = PyErr>,
{
    fn type_name() -> String {
        format!("tuple[{}, ...]", <Self as Accepts<T>>::type_name())
    }

    fn cell(&self, values: Vec<T>) -> PyResult<Cell<'py>> {
        let cells = values.into_iter().map(|value| Accepts::<T>::cell(self, value));
        Ok(PyTuple::new(self.py, cells.collect::<PyResult<Vec<_>>>()?)?.into_any())
    }
}

/// Types of which a cell is made by one expression.
macro_rules! cells {
    ($($type:ty => $python:literal: |$cells:pat_param, $value:pat_param| $cell:expr,)+) => {$(
        impl<'py> Accepts<$type> for Cells<'_, 'py> {
            fn type_name() -> String {
                $python.into()
            }

            fn cell(&self, value: $type) -> PyResult<Cell<'py>> {
                let ($cells, $value) = (self, value);
                $cell.into_bound_py_any(self.py)
            }
        }
    )+};
}

cells! {
    bool => "bool": |_, value| value,
    u8 => "int": |_, value| value,
    u16 => "int": |_, value| value,
    u32 => "int": |_, value| value,
    u64 => "int": |_, value| value,
    &'static str => "str": |_, value| value,
    String => "str": |_, value| value,
    Address => "str": |_, address| address.to_string(),
    Mac => "str": |_, mac| mac.to_string(),
    TlsVersion => "str": |_, TlsVersion(version)| tls_version_text(version),
    InterfaceNumber => "str | None": |cells, InterfaceNumber(number)| {
        cells.interfaces.get(usize::from(number)).filter(|name| !name.is_empty())
    },
    Question => "tuple[str, str]": |_, question| (question.name, rtype_text(question.rtype)),
    Answer => "tuple[str, str, int, str]": |_, answer| {
        (answer.name, rtype_text(answer.rtype), answer.ttl_s, data_text(answer.data))
    },
}

/// "1.3" for 0x0304; unknown versions as a number.
fn tls_version_text(version: u16) -> String {
    match version {
        0x0300 => "ssl3".into(),
        0x0301..=0x0304 => format!("1.{}", version - 0x0301),
        0xfeff => "dtls1.0".into(),
        0xfefc | 0xfefd => format!("dtls1.{}", 0xfeff - version),
        other => format!("0x{other:04x}"),
    }
}

/// The data of a record; empty for types that are not read.
fn data_text(data: Data) -> String {
    match data {
        Data::Address(address) => address.to_string(),
        Data::Alias(target) => target,
        Data::Service(service) => service_text(&service),
        Data::Other => String::new(),
    }
}

/// An SVCB record in a form close to RFC 9460, 2.1.
fn service_text(service: &Service) -> String {
    let mut text = format!("{} {}", service.priority, service.target);
    if !service.alpn.is_empty() {
        text += &format!(" alpn={}", service.alpn.join(","));
    }
    for hint in &service.hints {
        text += &format!(" hint={hint}");
    }
    if service.ech.is_some() {
        text += " ech";
    }
    text
}
