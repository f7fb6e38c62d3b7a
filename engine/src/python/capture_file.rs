//! `CaptureFile` and `Wakeup`.

use super::job::Seen;
use crate::capture::filter::{Filter, Instruction};
use crate::capture::{self, beginning, file, CaptureError, Packet};
use crate::reading::OpenFile;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::path::PathBuf;

const IN_USE: &str = "the file is being read";

/// The filter for a classic BPF program from Python; None for an empty one.
pub fn filter_of(program: &[(u16, u8, u8, u32)]) -> Result<Option<Filter>, CaptureError> {
    let instruction = |&(code, jt, jf, k): &(u16, u8, u8, u32)| Instruction { code, jt, jf, k };
    match program {
        [] => Ok(None),
        program => Filter::new(program.iter().map(instruction).collect()).map(Some),
    }
}

/// What ends the waiting for a pipe.
#[pyclass(module = "netmon._engine", frozen)]
pub struct Wakeup(capture::Wakeup);

#[pymethods]
impl Wakeup {
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self(capture::Wakeup::new()?))
    }

    fn fileno(&self) -> i32 {
        self.0.descriptor()
    }
}

/// A pcap or pcapng file, streamed.
#[pyclass(module = "netmon._engine")]
pub struct CaptureFile {
    /// None while a thread reads it.
    open: Option<OpenFile>,
    /// What was read of it until the step whose results were processed last, while others are taken.
    seen: Seen,
    size: Option<u64>,
}

impl CaptureFile {
    fn open(&mut self) -> PyResult<&mut OpenFile> {
        self.open.as_mut().ok_or_else(|| PyRuntimeError::new_err(IN_USE))
    }

    /// Gives some files to who reads them.
    ///
    /// # Errors
    ///
    /// RuntimeError if one is read already.
    pub fn take_all(py: Python<'_>, files: &[Py<Self>]) -> PyResult<Vec<OpenFile>> {
        let mut taken = Vec::with_capacity(files.len());
        for file in files {
            match file.borrow_mut(py).open.take() {
                Some(open) => taken.push(open),
                None => {
                    Self::give_back(py, files, taken);
                    return Err(PyRuntimeError::new_err(IN_USE));
                }
            }
        }
        Ok(taken)
    }

    /// Takes the files back, in the same order.
    pub fn give_back(py: Python<'_>, files: &[Py<Self>], open: Vec<OpenFile>) {
        for (file, open) in files.iter().zip(open) {
            file.borrow_mut(py).open = Some(open);
        }
    }

    /// Notes what was read of files that a thread reads.
    pub fn note_seen(py: Python<'_>, files: &[Py<Self>], seen: Vec<Seen>) {
        for (file, seen) in files.iter().zip(seen) {
            file.borrow_mut(py).seen = seen;
        }
    }
}

#[pymethods]
impl CaptureFile {
    #[new]
    #[pyo3(signature = (path, filter = Vec::new(), wakeup = None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        filter: Vec<(u16, u8, u8, u32)>,
        wakeup: Option<&Wakeup>,
    ) -> PyResult<Self> {
        let filter = filter_of(&filter)?;
        let wakeup = wakeup.map(|wakeup| &wakeup.0);
        let file = py.detach(|| file::CaptureFile::open_until(&path, filter, wakeup))?;
        let size = file.size();
        Ok(Self { open: Some(OpenFile::new(file)), seen: Seen::default(), size })
    }

    /// The times of a file's first packets, sorted.
    #[staticmethod]
    fn first_times_ns(py: Python<'_>, path: PathBuf) -> PyResult<Vec<u64>> {
        Ok(py.detach(|| beginning::first_times_ns(&path))?)
    }

    /// Whether a file begins as a capture does.
    #[staticmethod]
    fn is_capture(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
        Ok(py.detach(|| beginning::is_capture(&path))?)
    }

    /// Empty: no filter.
    fn set_filter(&mut self, program: Vec<(u16, u8, u8, u32)>) -> PyResult<()> {
        self.open()?.file.set_filter(filter_of(&program)?);
        Ok(())
    }

    /// The time and the bytes of a file's first packet; None without packets.
    #[staticmethod]
    fn first_packet(py: Python<'_>, path: PathBuf) -> PyResult<Option<(u64, Vec<u8>)>> {
        let first = |packet: Packet<'_>| (packet.time_ns, packet.bytes.to_vec());
        let read = || file::CaptureFile::open(&path, None).map(|mut file| file.next_packet().map(first));
        Ok(py.detach(read)?)
    }

    /// True: the file is still written, and its end is none.
    fn set_growing(&mut self, is_growing: bool) -> PyResult<()> {
        self.open()?.file.set_growing(is_growing);
        Ok(())
    }

    /// Its interfaces are those of an earlier file of the same capture.
    fn continues(&mut self, earlier: &mut Self) -> PyResult<()> {
        self.open()?.continues(earlier.open()?);
        Ok(())
    }

    #[getter]
    fn link(&mut self, py: Python<'_>) -> PyResult<Option<u16>> {
        let file = &mut self.open()?.file;
        Ok(py.detach(|| file.link()))
    }

    #[getter]
    fn position(&self) -> u64 {
        self.open.as_ref().map_or(self.seen.position, |open| open.file.position())
    }

    #[getter]
    fn size(&self) -> Option<u64> {
        self.size
    }

    #[getter]
    fn packets(&self) -> u64 {
        self.open.as_ref().map_or(self.seen.packets, |open| open.file.packets())
    }

    /// Skips so many of the first packets, whether a filter lets them pass or not.
    fn skip_packets(&mut self, py: Python<'_>, packets: u64) -> PyResult<()> {
        let file = &mut self.open()?.file;
        py.detach(|| while file.next_packet_within(packets).is_some() {});
        Ok(())
    }

    #[getter]
    fn is_at_end(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.file.is_at_end())
    }

    #[getter]
    fn next_ns(&mut self, py: Python<'_>) -> Option<u64> {
        match &mut self.open {
            Some(open) => py.detach(|| open.file.look_ahead()),
            None => self.seen.next_ns,
        }
    }

    #[getter]
    fn first_ns(&self) -> Option<u64> {
        self.open.as_ref().map_or(self.seen.first_ns, |open| open.first_ns)
    }

    #[getter]
    fn last_ns(&self) -> Option<u64> {
        self.open.as_ref().map_or(self.seen.last_ns, |open| open.last_ns)
    }

    #[getter]
    fn problem(&self) -> Option<&str> {
        self.open.as_ref().and_then(|open| open.file.problem())
    }
}
