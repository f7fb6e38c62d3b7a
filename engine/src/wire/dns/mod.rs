//! DNS messages.

mod dns_message;
mod dns_name;
mod dns_rdata;
mod dns_shape;
pub mod dns_type;

pub use self::dns_message::{parse_message, Answer, Message, Question};
pub use self::dns_rdata::{Data, Service};
pub use self::dns_shape::{is_plain_query, may_be_plain_query, possible_message};
