//! The capabilities of the process (capabilities(7)).

use super::privilege_error::PrivilegeError;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// What AF_PACKET needs, promiscuous mode and interfaces that are opened later included.
const CAPTURE: CapabilitySet = CapabilitySet::NET_RAW;
/// Access to the files of all users.
const FILES: CapabilitySet = CapabilitySet::DAC_OVERRIDE;

/// Empties the bounding set, if the process may: no program that it starts can regain a capability. Without
/// CAP_SETPCAP the set stays, which changes nothing once no_new_privs is set.
pub(super) fn empty_the_bounding_set() {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if thread::remove_capability_from_bounding_set(capability).is_err() {
            return; // the kernel has no further capability, or refuses them all
        }
    }
}

/// Keeps at most CAP_NET_RAW, and the right to all files if wanted; nothing is passed on to other programs.
pub(super) fn reduce(all_files: bool) -> Result<(), PrivilegeError> {
    let fails = |error| PrivilegeError(format!("cannot give up capabilities: {error}"));
    let wanted = if all_files { CAPTURE | FILES } else { CAPTURE };
    // Fails only on kernels that have no ambient capabilities.
    let _ = thread::clear_ambient_capability_set();
    let now = thread::capabilities(None).map_err(fails)?;
    let kept = now.permitted & wanted;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    match thread::set_capabilities(None, sets) {
        // A service manager may forbid the call, and have granted nothing else in the first place.
        Err(_) if now.permitted == kept && now.effective == kept => Ok(()),
        result => result.map_err(fails),
    }
}
