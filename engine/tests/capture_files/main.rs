//! Capture files of every kind that is read, whole, cut, damaged and compressed.

mod craft;
mod damage;
mod formats;
mod samples;
mod seen;
