//! Readers that all parsers share, and what a parser returns.

pub mod cursor;
pub mod der;
pub mod parse;
pub mod text;
