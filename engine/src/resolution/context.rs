//! What is shared by all flows of a monitor, borrowed while a packet is processed.

use super::captured_message::CapturedMessage;
use super::learned_names::LearnedNames;
use crate::counters::tally::Tally;
use crate::tag::Matcher;

/// Learned names, signatures, counters, and where DNS messages are reported.
pub struct Context<'a> {
    /// Names learned from DNS answers.
    pub names: &'a LearnedNames,
    /// The signatures.
    pub matcher: &'a Matcher,
    /// The counters.
    pub tally: &'a mut Tally,
    /// Where DNS messages are reported; None if they are not.
    pub reports: Option<&'a mut Vec<CapturedMessage>>,
}
