//! A thread that does one piece of work at a time for its owner, who does something else meanwhile.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::Mutex;
use std::thread::{Builder, JoinHandle};

/// A thread, and the work that it has.
#[derive(Debug)]
pub struct WorkThread<W> {
    begun: SyncSender<W>,
    /// Only its owner looks at it, so the mutex is never locked.
    done: Mutex<Receiver<W>>,
    thread: Option<JoinHandle<()>>,
}

impl<W: Send + 'static> WorkThread<W> {
    /// Starts a thread that does work by calling `work`. It ends with its owner.
    ///
    /// # Errors
    ///
    /// The system allows no further thread.
    pub fn start(name: &str, work: fn(&mut W)) -> io::Result<Self> {
        let (begun, waiting) = sync_channel::<W>(1);
        let (finished, done) = sync_channel(1);
        let run = move || {
            for mut one in waiting {
                work(&mut one);
                if finished.send(one).is_err() {
                    return; // its owner is gone
                }
            }
        };
        let thread = Builder::new().name(name.into()).spawn(run)?;
        Ok(Self { begun, done: Mutex::new(done), thread: Some(thread) })
    }

    /// Begins work, to be waited for before other work begins; gives it back if the thread is gone.
    pub fn begin(&self, work: W) -> Result<(), W> {
        self.begun.send(work).map_err(|refused| refused.0)
    }

    /// Waits for the work that was begun; None if the thread is gone.
    ///
    /// # Panics
    ///
    /// If the thread did, with its message.
    pub fn wait(&mut self) -> Option<W> {
        if let Ok(work) = self.done.get_mut().ok()?.recv() {
            return Some(work);
        }
        match self.thread.take()?.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{catch_unwind, AssertUnwindSafe};

    #[test]
    fn work_is_done_in_the_order_in_which_it_was_begun() {
        let mut thread = WorkThread::start("test", |number: &mut u32| *number += 1).unwrap();
        for number in 0..1000 {
            thread.begin(number).unwrap();
            assert_eq!(thread.wait(), Some(number + 1));
        }
    }

    #[test]
    fn its_owner_panics_as_the_thread_did_and_gets_the_next_work_back() {
        let mut thread = WorkThread::start("test", |_: &mut u32| panic!("what was wrong")).unwrap();
        thread.begin(7).unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| thread.wait())).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"what was wrong"));
        assert_eq!(thread.begin(8), Err(8));
        assert_eq!(thread.wait(), None);
    }
}
