//! `Sieve`: what drops data in the kernel, before the sensor's rings.

use crate::capture::sieve;
use pyo3::prelude::*;
use std::sync::Arc;

/// The kernel sieve: to be loaded before privileges are given up, and tried afterwards.
#[pyclass(module = "netmon._engine", frozen)]
pub struct Sieve(pub Arc<sieve::Sieve>);

#[pymethods]
impl Sieve {
    #[new]
    fn new(max_directions: u32) -> PyResult<Self> {
        Ok(Self(Arc::new(sieve::Sieve::load(max_directions)?)))
    }

    fn probe(&self) -> PyResult<()> {
        Ok(self.0.probe()?)
    }
}
