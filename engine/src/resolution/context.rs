//! What is shared by all flows of a monitor, borrowed while a packet is processed.

use super::captured_message::CapturedMessage;
use super::learned_names::LearnedNames;
use super::lesson::Lesson;
use super::pending_queries::PendingQueries;
use crate::counters::tally::Tally;
use crate::tag::Matcher;

/// Learned names, signatures, counters, and where DNS messages are reported.
pub struct Context<'a> {
    /// Names learned from DNS answers.
    pub names: &'a LearnedNames,
    /// Queries that were not answered yet.
    pub queries: &'a mut PendingQueries,
    /// The signatures.
    pub matcher: &'a Matcher,
    /// The counters.
    pub tally: &'a mut Tally,
    /// Where DNS messages are reported; None if they are not.
    pub reports: Option<&'a mut Vec<CapturedMessage>>,
}

impl Context<'_> {
    /// Counts an answer for which no query was seen; what it says is kept as such.
    pub fn count_unsolicited(&mut self, lesson: &Lesson) {
        self.tally.view(lesson.interface).unsolicited_dns_answers += 1;
        self.names.note_unsolicited(lesson, self.matcher);
    }

    /// Counts the answers for which no query was seen in time.
    pub fn expire_answers(&mut self, now_ns: u64) {
        while let Some(lesson) = self.queries.next_unsolicited(now_ns) {
            self.count_unsolicited(&lesson);
        }
    }
}
