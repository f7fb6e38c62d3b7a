//! Capture files of every supported format: complete, truncated, damaged and compressed.

mod craft;
mod damage;
mod formats;
mod growing;
mod samples;
mod seen;
