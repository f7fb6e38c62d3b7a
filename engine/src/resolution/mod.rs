//! Name resolution: the DNS messages that clients exchange with resolvers, the names learned from them, and DNS
//! that is encrypted.

mod clients;
mod context;
mod dns_clues;
mod dns_report;
mod dns_streams;
mod encrypted_use;
mod learned_names;
mod lesson;
mod messages;
mod pending_queries;

pub use context::Context;
pub use dns_clues::{DnsClues, FallbackQuery};
pub use dns_report::DnsReport;
pub use dns_streams::{DnsStreams, StreamPart};
pub use encrypted_use::{find_encrypted_dns, find_resolver, DnsPeer};
pub use learned_names::{FoundNames, LearnedNames, LookedUpBy};
pub use lesson::Chain;
pub use messages::{MessageKind, Messages, DNS_PORT};
pub use pending_queries::{PendingQueries, QueryKey};
