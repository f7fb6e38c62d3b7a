//! Name resolution: the DNS messages that clients exchange with resolvers, the names learned from them, and DNS
//! that is encrypted.
//!
//! - `messages`: what is done with every message, whether it came in a datagram or from `dns_streams` (TCP)
//! - `learned_names`: the names that a flow's server may have, learned from answers
//! - `nat64_prefixes`: with which prefixes translators represent IPv4 addresses, learned from answers, too
//! - `clients`: what is remembered about a client: public names of ECH, encrypted DNS, fallback resolvers
//! - `encrypted_use`: recognises flows that carry encrypted DNS
//! - `dns_clues`: what all this shows about one flow; the part of a flow that this module owns

mod captured_message;
mod clients;
mod context;
mod dns_beginning;
mod dns_clues;
mod dns_streams;
mod encrypted_use;
mod learned_names;
mod lesson;
mod messages;
mod nat64_prefixes;
mod pending_queries;

pub use captured_message::CapturedMessage;
pub use context::Context;
pub use dns_clues::{DnsClues, FallbackQuery};
pub use dns_streams::{DnsStreams, StreamPart};
pub use encrypted_use::{find_encrypted_dns, find_resolver, DnsPeer};
pub use learned_names::{FoundNames, LearnedNames, LookedUpBy};
pub use lesson::Chain;
pub use messages::{MessageKind, Messages, DNS_PORT};
pub use pending_queries::{PendingQueries, QueryKey};
