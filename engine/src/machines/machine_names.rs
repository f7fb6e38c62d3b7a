//! The names of a machine.

/// What DHCP and multicast DNS call a machine.
#[derive(Clone, Debug, Default)]
pub struct MachineNames {
    /// In DHCP.
    pub leased: Option<Box<str>>,
    /// In multicast DNS or LLMNR.
    pub announced: Option<Box<str>>,
}

/// Sets a name if it differs, without an allocation if it does not.
pub fn set(name: &mut Option<Box<str>>, text: &str) {
    if name.as_deref() != Some(text) {
        *name = Some(text.into());
    }
}
