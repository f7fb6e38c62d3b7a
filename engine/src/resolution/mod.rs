//! Name resolution: the DNS messages that clients exchange with resolvers, the names learned from them, and DNS
//! that is encrypted.

mod captured_message;
mod clients;
mod context;
mod dns_clues;
mod dns_streams;
mod encrypted_use;
mod learned_names;
mod messages;

pub use captured_message::CapturedMessage;
pub use context::Context;
pub use dns_clues::{DnsClues, FallbackQuery};
pub use dns_streams::{DnsStreams, StreamPart};
pub use encrypted_use::{find_encrypted_dns, find_resolver, DnsPeer};
pub use learned_names::{Chain, FoundNames, LearnedNames};
pub use messages::{MessageKind, Messages, DNS_PORT};
