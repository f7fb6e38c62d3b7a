//! Readers shared by all parsers, and the result type of a parser.

pub mod cursor;
pub mod der;
pub mod host;
pub mod parse;
pub mod text;
