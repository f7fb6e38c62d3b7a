//! What may stand before a ClientHello in a client's own stream, one step at a time: a PROXY header,
//! an HTTP CONNECT, the commands of a mail or directory protocol up to STARTTLS.
//!
//! Each step is told by itself, so nothing has to be kept between steps but where the next one begins.
//! A request that no hello follows is a step as well, the last one: it gives a name.

mod http;
mod ldap;
mod parse_step;
mod proxy_header;
mod starttls;
mod step;

pub use self::parse_step::{is_step, parse_step};
pub use self::step::{Step, StepKind};
