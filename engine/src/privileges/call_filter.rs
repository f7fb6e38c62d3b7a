//! The filter of system calls (seccomp(2)), by the crate seccompiler.

use super::allowed_calls::{allowed, Rules};
use seccompiler::{apply_filter_all_threads, BpfProgram, SeccompAction, SeccompFilter};
use std::collections::BTreeMap;

/// Installs the filter for all threads: every other call fails with EPERM, and the sensor goes on.
///
/// # Errors
///
/// The kernel or the processor has no such filter.
pub(super) fn install() -> Result<(), String> {
    // glibc starts threads by clone3, whose flags a filter cannot see, and by clone if there is no clone3.
    let hidden = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let hide = compile(hidden, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    let restrict = compile(allowed(), SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)?;
    for program in [hide, restrict] {
        apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn compile(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<BpfProgram, String> {
    let architecture = std::env::consts::ARCH.try_into().map_err(|_| {
        format!("there is no list of system calls for the processor {}", std::env::consts::ARCH)
    })?;
    SeccompFilter::new(rules, otherwise, matched, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sieve::{Sieve, COMMANDS};

    /// A filter cannot be removed, so each test installs it in a thread of its own.
    fn confined<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
        let restrict = compile(allowed(), SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow);
        let thread = std::thread::spawn(move || {
            seccompiler::apply_filter(&restrict.unwrap()).unwrap();
            test()
        });
        thread.join().unwrap()
    }

    #[test]
    fn files_can_be_opened_and_programs_cannot_be_started() {
        let (file, program) = confined(|| {
            (std::fs::read("/proc/self/stat").is_ok(), std::process::Command::new("true").status())
        });
        assert!(file);
        assert_eq!(program.unwrap_err().raw_os_error(), Some(libc::EPERM));
    }

    #[test]
    fn no_connection_can_be_made() {
        let error = confined(|| std::net::UdpSocket::bind("127.0.0.1:0")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EPERM));
        let error = confined(|| std::os::unix::net::UnixStream::connect("/nowhere")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    }

    #[test]
    fn nothing_can_be_created_in_the_kernel() {
        // MAP_CREATE, PROG_LOAD, OBJ_GET, PROG_ATTACH, PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, BTF_LOAD, LINK_CREATE and
        // others: every command but those of a running sieve.
        let refused = confined(|| {
            let others = (0..64).filter(|command| !COMMANDS.contains(command));
            let attributes = [0_u64; 16];
            let call = |command: i32| {
                // SAFETY: the kernel reads at most the bytes of `attributes`, which outlive the call.
                let result = unsafe { libc::syscall(libc::SYS_bpf, command, attributes.as_ptr(), 128_usize) };
                (result, std::io::Error::last_os_error().raw_os_error())
            };
            others.map(call).collect::<Vec<_>>()
        });
        assert!(refused.iter().all(|one| *one == (-1, Some(libc::EPERM))), "{refused:?}");
    }

    #[test]
    #[ignore = "needs root"]
    fn a_sieve_that_was_loaded_before_works() {
        let sieve = Sieve::load(16).expect("the kernel lets root load it");
        confined(move || sieve.probe()).unwrap();
    }

    #[test]
    fn an_interface_can_be_looked_up() {
        assert!(confined(
            || crate::capture::interface::Interface::find("lo").is_ok_and(|lo| lo.link().is_ok())
        ));
        let error = confined(|| crate::capture::interface::Interface::find("nosuch0")).unwrap_err().0;
        assert!(error.contains("available: lo"), "{error}");
    }
}
