//! Naming: from what is known about a flow to a name and a signature (`identity`), or to the reason why there is no
//! name (`unnamed_reason`).

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
