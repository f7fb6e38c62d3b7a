//! What precedes a ClientHello in a client's stream, one step at a time: a PROXY header, an HTTP CONNECT, the
//! commands of a mail or directory protocol up to STARTTLS.
//!
//! Each step is recognized by itself, so the only state between steps is the offset of the next one. A
//! request that is not followed by a hello is a step too, and the last one: it contains a name.

mod http;
mod ldap;
mod parse_step;
mod proxy_header;
mod starttls;
mod step;

pub use self::parse_step::{is_step, parse_step};
pub use self::step::{Step, StepKind};
