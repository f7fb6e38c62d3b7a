//! Compiled signatures: names (exact, suffix, pattern), networks (longest prefix), certificate names, first
//! payload bytes, public ECH names and public resolvers. Independent of packets.

mod matcher;
mod name_rules;
mod networks;
mod payload_prefixes;
mod resolvers;

pub use self::matcher::Matcher;
pub use self::name_rules::MatchKind;
pub use self::payload_prefixes::Magic;
pub use self::resolvers::Resolver;
