//! Events: one ECS object per line (<https://www.elastic.co/guide/en/ecs/current/>), written from the cells of rows.
//!
//! The facts of a flow come from the engine, or from Python's record of it, which has the same fields. What a flow
//! means comes from Python, as parts of the object that are ready to be written (`flow_event::Meaning`).

pub mod community_id;
pub mod digits;
pub mod dns_event;
pub mod event_cells;
pub mod event_writer;
pub mod flow_event;
pub mod json_text;
pub mod signer;
pub mod time_text;

pub use event_writer::{ClientsShown, EventWriter};
