//! The report on a DNS message: plain values, which cross to Python in batches.

use crate::address::Address;
use crate::resolution::DnsReport;
use crate::row::row;
use crate::types::protocol::Protocol;
use crate::wire::dns;

row! {
    /// A DNS message as `netmon/records.py`, DnsRecord, explains it.
    #[derive(Debug)]
    #[allow(missing_docs)]
    pub struct DnsRow from report: DnsReport {
        time_ns: u64 = report.time_ns,
        kind: &'static str = report.kind,
        transport: Protocol = Protocol::of(report.is_tcp),
        source: Address = report.source.0,
        source_port: u16 = report.source.1,
        destination: Address = report.destination.0,
        destination_port: u16 = report.destination.1,
        message_id: u16 = report.message.id,
        response: bool = report.message.response,
        opcode: u8 = report.message.opcode,
        rcode: u16 = report.message.rcode,
        truncated: bool = report.message.truncated,
        questions: Vec<dns::Question> = report.message.questions,
        answers: Vec<dns::Answer> = report.message.answers,
    }
}
