//! `CaptureFile` and `Wakeup`.

use crate::capture::filter::{Filter, Instruction};
use crate::capture::{self, beginning, file, CaptureError, Packet};
use pyo3::prelude::*;
use std::path::PathBuf;

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
    pub(super) file: file::CaptureFile,
    /// The numbers that its interfaces have among those of all files.
    numbers: Vec<u16>,
    /// Packets of it that were counted in all files.
    counted: u64,
    /// Times of the first and the latest packet that were passed on.
    first_ns: Option<u64>,
    last_ns: Option<u64>,
}

impl CaptureFile {
    /// Passes on the packet that was looked at, with its number and interface among those of all files.
    pub(super) fn pass_on(
        &mut self,
        interfaces: &mut Vec<String>,
        total: &mut u64,
        process: impl FnOnce(&Packet<'_>),
    ) {
        let read = self.file.packets();
        let Some(packet) = self.file.take_ahead() else { return };
        *total += read - self.counted;
        self.counted = read;
        self.last_ns = Some(packet.time_ns);
        self.first_ns = self.first_ns.or(self.last_ns);
        let own = usize::from(packet.interface);
        while self.numbers.len() <= own {
            self.numbers.push(interfaces.len().try_into().unwrap_or(u16::MAX));
            if interfaces.len() < usize::from(u16::MAX) {
                interfaces.push(String::new());
            }
        }
        process(&Packet { interface: self.numbers[own], number: *total, ..packet });
    }

    /// Enters the names of its interfaces.
    pub(super) fn name_interfaces(&self, interfaces: &mut [String]) {
        for (number, name) in self.numbers.iter().zip(self.file.interfaces()) {
            if let Some(entered) = interfaces.get_mut(usize::from(*number)).filter(|entered| *entered != name)
            {
                entered.clone_from(name);
            }
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
        Ok(Self { file, numbers: Vec::new(), counted: 0, first_ns: None, last_ns: None })
    }

    /// When the capture of a file begins; None without packets.
    #[staticmethod]
    fn begins_ns(py: Python<'_>, path: PathBuf) -> PyResult<Option<u64>> {
        Ok(py.detach(|| beginning::begins_ns(&path))?)
    }

    /// Whether a file begins as a capture does.
    #[staticmethod]
    fn is_capture(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
        Ok(py.detach(|| beginning::is_capture(&path))?)
    }

    /// Empty: no filter.
    fn set_filter(&mut self, program: Vec<(u16, u8, u8, u32)>) -> PyResult<()> {
        self.file.set_filter(filter_of(&program)?);
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
    fn set_growing(&mut self, is_growing: bool) {
        self.file.set_growing(is_growing);
    }

    /// Its interfaces are those of an earlier file of the same capture.
    fn continues(&mut self, earlier: &Self) {
        self.numbers.clone_from(&earlier.numbers);
    }

    #[getter]
    fn link(&mut self, py: Python<'_>) -> Option<u16> {
        let file = &mut self.file;
        py.detach(|| file.link())
    }

    #[getter]
    fn position(&self) -> u64 {
        self.file.position()
    }

    #[getter]
    fn size(&self) -> Option<u64> {
        self.file.size()
    }

    #[getter]
    fn packets(&self) -> u64 {
        self.file.packets()
    }

    /// Skips packets up to one that is later.
    fn skip_until(&mut self, py: Python<'_>, last_ns: u64) {
        let file = &mut self.file;
        py.detach(|| {
            while file.look_ahead().is_some_and(|time_ns| time_ns <= last_ns) {
                file.take_ahead();
            }
        });
    }

    #[getter]
    fn is_at_end(&self) -> bool {
        self.file.is_at_end()
    }

    #[getter]
    fn next_ns(&mut self, py: Python<'_>) -> Option<u64> {
        let file = &mut self.file;
        py.detach(|| file.look_ahead())
    }

    #[getter]
    fn first_ns(&self) -> Option<u64> {
        self.first_ns
    }

    #[getter]
    fn last_ns(&self) -> Option<u64> {
        self.last_ns
    }

    #[getter]
    fn problem(&self) -> Option<&str> {
        self.file.problem()
    }
}
