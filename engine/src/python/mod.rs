//! The interface to Python. Records cross it in batches, packets never do. `netmon/_engine.pyi` describes it.

mod addresses;
mod capture_file;
mod cells;
mod digests;
mod engine;
mod essential;
mod event_writer;
mod job;
mod kept;
mod matcher;
#[cfg(target_os = "linux")]
mod privileges;
mod rows;
#[cfg(target_os = "linux")]
mod sensor;
#[cfg(target_os = "linux")]
mod sieve;
mod stats;

use crate::event::signer::ECS_VERSION;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(_engine, CaptureError, PyException, "A source cannot be opened or read.");

impl From<crate::capture::CaptureError> for PyErr {
    fn from(error: crate::capture::CaptureError) -> Self {
        CaptureError::new_err(error.to_string())
    }
}

#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("CaptureError", module.py().get_type::<CaptureError>())?;
    module.add("FLOW_FIELDS", rows::flow_fields())?;
    module.add("DNS_FIELDS", rows::dns_fields())?;
    module.add_function(wrap_pyfunction!(addresses::embedded_ipv4, module)?)?;
    module.add_function(wrap_pyfunction!(addresses::packed_address, module)?)?;
    module.add_function(wrap_pyfunction!(digests::sha256, module)?)?;
    module.add_function(wrap_pyfunction!(digests::sha256_of_files, module)?)?;
    module.add_function(wrap_pyfunction!(essential::essential_stream, module)?)?;
    module.add_function(wrap_pyfunction!(essential::essential_datagram, module)?)?;
    module.add_function(wrap_pyfunction!(essential::essential_message, module)?)?;
    module.add_function(wrap_pyfunction!(essential::id_length, module)?)?;
    module.add("ECS_VERSION", ECS_VERSION)?;
    module.add_function(wrap_pyfunction!(event_writer::timestamp, module)?)?;
    module.add_class::<event_writer::EventWriter>()?;
    module.add_class::<matcher::Matcher>()?;
    module.add_class::<capture_file::CaptureFile>()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<capture_file::Wakeup>()?;
    #[cfg(target_os = "linux")]
    module.add_class::<sensor::Sensor>()?;
    #[cfg(target_os = "linux")]
    module.add_class::<sieve::Sieve>()?;
    #[cfg(target_os = "linux")]
    module.add("PrivilegeError", module.py().get_type::<privileges::PrivilegeError>())?;
    #[cfg(target_os = "linux")]
    module.add_function(wrap_pyfunction!(privileges::give_up_privileges, module)?)?;
    Ok(())
}
