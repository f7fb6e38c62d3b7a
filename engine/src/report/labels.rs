//! Closed sets of words: what types call their values.

use super::limitation::Limitation;
use super::phase::Phase;
use crate::types::contact::Contact;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::end_reason::EndReason;
use crate::types::evidence::Evidence;
use crate::types::grounds::Grounds;
use crate::types::interception::Interception;
use crate::types::protocol::Protocol;
use crate::types::unnamed::Unnamed;
use crate::types::withheld::Withheld;

/// A closed set of words.
pub trait Labels {
    /// All of them.
    fn all() -> Vec<&'static str>;

    /// The word for a value.
    fn label(self) -> &'static str;
}

/// Types that list their values in `ALL` and call each by its `label`.
macro_rules! labels {
    ($($type:ty,)+) => {$(
        impl Labels for $type {
            fn all() -> Vec<&'static str> {
                Self::ALL.map(Self::label).to_vec()
            }

            fn label(self) -> &'static str {
                self.label()
            }
        }
    )+};
}

labels! { Contact, EchState, EncryptedDns, EndReason, Evidence, Grounds, Interception, Limitation, Protocol, Unnamed, Withheld, }

impl Labels for Phase {
    fn all() -> Vec<&'static str> {
        Self::LABELS.to_vec()
    }

    fn label(self) -> &'static str {
        self.label()
    }
}
