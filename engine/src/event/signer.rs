//! Who reports: what all events of a run have in common, and the identifier of each.

use super::event_cells::EventValue;
use super::json_text::JsonText;
use ring::digest::{Context, SHA256};

/// The version of the Elastic Common Schema that events follow.
pub const ECS_VERSION: &str = "9.0.0";
/// Bytes of an identifier.
const IDENTIFIER_BYTES: usize = 16;

/// The sensor, its site and the run.
pub struct Signer {
    sensor: String,
    site: String,
    run: Option<String>,
}

impl Signer {
    /// `run` is None for events of no run, such as one that is only explained.
    pub fn new(sensor: String, site: String, run: Option<String>) -> Self {
        Self { sensor, site, run }
    }

    /// What identifiers of a dataset begin with.
    pub fn begin(&self, dataset: &str) -> Context {
        let mut context = Context::new(&SHA256);
        let run = self.run.as_deref().unwrap_or("None");
        for part in [&*self.sensor, run, dataset] {
            context.update(part.as_bytes());
            context.update(b"\n");
        }
        context
    }

    /// Writes who reports.
    pub fn observer(&self, json: &mut JsonText, interface: &EventValue<'_>) {
        json.open_field("observer");
        json.text_field("type", "sensor");
        json.text_field("product", "netmon");
        json.text_field("name", &self.sensor);
        if !self.site.is_empty() {
            json.open_field("geo");
            json.text_field("name", &self.site);
            json.close();
        }
        if interface.is_true() {
            json.open_field("ingress");
            json.open_field("interface");
            json.field("name", interface);
            json.close();
            json.close();
        }
        json.close();
    }

    /// Writes the run, if there is one.
    pub fn run(&self, json: &mut JsonText) {
        if let Some(run) = self.run.as_deref().filter(|run| !run.is_empty()) {
            json.text_field("run", run);
        }
    }
}

/// Writes the identifier of an event: `what` tells it apart from others of the run and its dataset, and holds no
/// address, because whoever has the identifier could find it by trying all.
pub fn identifier(json: &mut JsonText, begin: &Context, what: &str) {
    let mut context = begin.clone();
    context.update(what.as_bytes());
    json.key("id");
    json.text.push('"');
    for byte in &context.finish().as_ref()[..IDENTIFIER_BYTES] {
        for digit in [byte >> 4, byte & 15] {
            json.text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    json.text.push('"');
}
