//! Signatures, compiled: names (exact, suffix, pattern), networks (longest prefix), first payload bytes, and
//! what hides names.
//! Knows no packets.

mod matcher;
mod names;
mod networks;
mod payload;
mod resolvers;

pub use self::matcher::Matcher;
pub use self::names::Kind;
pub use self::payload::Magic;
pub use self::resolvers::Resolver;
