//! Naming: from what is known of a flow to a name and a signature, or to the reason why there is no name.

mod clues;
mod identity;
mod knowledge;
mod naming_state;
mod unnamed_reason;

pub use clues::Clues;
pub use identity::{identify, Identity};
pub use knowledge::Knowledge;
pub use naming_state::NamingState;
pub use unnamed_reason::unnamed_reason;
