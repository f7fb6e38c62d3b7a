//! The reading of capture files with a monitor, step by step, also in a thread of its own.

mod file_reading;
mod open_file;
mod work_thread;

pub use self::file_reading::{FileReading, FileStep};
pub use self::open_file::OpenFile;
pub use self::work_thread::WorkThread;
