//! The fields of rows as Python objects: one conversion for each type of value, and its annotation.

use crate::address::Address;
use crate::event::digits::write_address;
use crate::report::flow_record::{InterfaceNumber, TlsVersion};
use crate::report::labels::Labels;
use crate::report::texts::{data_text, tls_version_text};
use crate::row::{Accepts, Names, Target};
use crate::types::mac::Mac;
use crate::wire::dns::{Answer, Question};
use crate::wire::dns_type::rtype_text;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::IntoPyObjectExt;
use std::cell::RefCell;

type Cell<'py> = Bound<'py, PyAny>;

/// Makes the cells of a batch.
pub struct Cells<'a, 'py> {
    /// The interpreter.
    pub py: Python<'py>,
    /// The source's capture interfaces, by number.
    pub interfaces: &'a [String],
    /// Words that occurred. Many rows have the same, so they are made once.
    words: RefCell<Vec<(&'static str, Cell<'py>)>>,
}

impl<'a, 'py> Cells<'a, 'py> {
    /// For the rows of one batch.
    pub fn new(py: Python<'py>, interfaces: &'a [String]) -> Self {
        Self { py, interfaces, words: RefCell::default() }
    }

    fn word(&self, word: &'static str) -> Cell<'py> {
        let mut words = self.words.borrow_mut();
        if let Some((_, known)) = words.iter().find(|(one, _)| std::ptr::eq(*one, word)) {
            return known.clone();
        }
        let made = PyString::intern(self.py, word).into_any();
        words.push((word, made.clone()));
        made
    }
}

impl<'py> Target for Cells<'_, 'py> {
    type Cell = Cell<'py>;
    type Error = PyErr;
}

impl<T: Labels> Names<T> for Cells<'_, '_> {
    fn type_name() -> String {
        format!("Literal{:?}", T::all())
    }
}

impl<T> Names<Option<T>> for Cells<'_, '_>
where
    Self: Names<T>,
{
    fn type_name() -> String {
        format!("{} | None", <Self as Names<T>>::type_name())
    }
}

impl<T> Names<Vec<T>> for Cells<'_, '_>
where
    Self: Names<T>,
{
    fn type_name() -> String {
        format!("tuple[{}, ...]", <Self as Names<T>>::type_name())
    }
}

impl<'py, T: Labels> Accepts<T> for Cells<'_, 'py> {
    fn cell(&self, value: T) -> PyResult<Cell<'py>> {
        Ok(self.word(value.label()))
    }
}

impl<'py, T> Accepts<Option<T>> for Cells<'_, 'py>
where
    Self: Accepts<T, Cell = Cell<'py>, Error = PyErr>,
{
    fn cell(&self, value: Option<T>) -> PyResult<Cell<'py>> {
        value.map_or_else(|| Ok(self.py.None().into_bound(self.py)), |value| Accepts::<T>::cell(self, value))
    }
}

impl<'py, T> Accepts<Vec<T>> for Cells<'_, 'py>
where
    Self: Accepts<T, Cell = Cell<'py>, Error = PyErr>,
{
    fn cell(&self, values: Vec<T>) -> PyResult<Cell<'py>> {
        let cells = values.into_iter().map(|value| Accepts::<T>::cell(self, value));
        Ok(PyTuple::new(self.py, cells.collect::<PyResult<Vec<_>>>()?)?.into_any())
    }
}

/// Types of which a cell is made by one expression.
macro_rules! cells {
    ($($type:ty => $python:literal: |$cells:pat_param, $value:pat_param| $cell:expr,)+) => {$(
        impl Names<$type> for Cells<'_, '_> {
            fn type_name() -> String {
                $python.into()
            }
        }

        impl<'py> Accepts<$type> for Cells<'_, 'py> {
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
    Address => "str": |_, address| {
        let mut text = String::with_capacity(15);
        write_address(&mut text, address);
        text
    },
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
