//! The record of a DNS message: plain values, which cross to Python in batches.

use super::flow_record::InterfaceNumber;
use crate::address::Address;
use crate::resolution::CapturedMessage;
use crate::row::row;
use crate::types::protocol::Protocol;
use crate::wire::dns;

row! {
    /// A DNS message as `netmon/records.py`, DnsRecord, explains it.
    #[derive(Debug)]
    #[allow(missing_docs)]
    pub struct DnsRecord, DnsCells from captured: CapturedMessage {
        time_ns: u64 = captured.time_ns,
        interface: InterfaceNumber = InterfaceNumber(captured.interface),
        vlan: Option<u16> = captured.realm.vlan(),
        inner_vlan: Option<u16> = captured.realm.inner_vlan(),
        vni: Option<u32> = captured.realm.vni(),
        kind: &'static str = captured.kind,
        transport: Protocol = Protocol::of(captured.is_tcp),
        source: Address = captured.source.0,
        source_port: u16 = captured.source.1,
        destination: Address = captured.destination.0,
        destination_port: u16 = captured.destination.1,
        message_id: u16 = captured.message.id,
        response: bool = captured.message.response,
        opcode: u8 = captured.message.opcode,
        rcode: u16 = captured.message.rcode,
        truncated: bool = captured.message.truncated,
        questions: Vec<dns::Question> = captured.message.questions,
        answers: Vec<dns::Answer> = captured.message.answers,
        damage: Option<&'static str> = captured.message.damage.map(|damage| damage.0),
    }
}
