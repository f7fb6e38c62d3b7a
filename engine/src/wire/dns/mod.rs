//! DNS messages.

mod dns_message;
mod dns_name;
mod dns_rdata;
pub mod dns_type;

pub use self::dns_message::{is_plain_query, parse_message, Answer, Message, Question};
pub use self::dns_rdata::{Data, Service};
