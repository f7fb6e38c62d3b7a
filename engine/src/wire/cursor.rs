//! A bounds-checked reader over a byte slice: every over-read is the same outcome.
