//! The event of a DNS message.

use super::event_cells::EventValue;
use super::event_writer::{begin_event, client_fields, vlan_fields, ClientsShown, EventWriter};
use super::json_text::JsonText;
use super::signer::identifier;
use crate::report::dns_record::DnsCells;
use std::borrow::Cow;

type Cells<'a> = DnsCells<EventValue<'a>>;

impl EventWriter {
    /// Writes a line for a DNS message.
    ///
    /// mDNS and LLMNR contain the names of people's devices, so they are written only if addresses are.
    pub fn dns(&mut self, json: &mut JsonText, record: &Cells<'_>, shown: &ClientsShown) {
        if record.kind.text() != "dns" && *shown != ClientsShown::ByAddress {
            return;
        }
        begin_event(json, record.time_ns.number());
        identifier(json, &self.messages, &self.message.to_string());
        self.message += 1;
        json.parts(
            r#""kind":"event","category":["network"],"type":["protocol","info"],"dataset":"netmon.dns""#,
        );
        json.close();
        self.signer.observer(json, &record.interface);
        json.open_field("network");
        json.field("transport", &record.transport);
        json.field("protocol", &record.kind);
        vlan_fields(json, &record.vlan, &record.inner_vlan);
        json.close();
        let is_answer = record.response.is_true();
        let (server, client) = (&ClientsShown::ByAddress, shown);
        let [sender, receiver] = if is_answer { [server, client] } else { [client, server] };
        end(json, "source", sender, &record.source, &record.source_port);
        end(json, "destination", receiver, &record.destination, &record.destination_port);
        message(json, record, is_answer);
        self.rest(json, record);
        json.text.push_str("}\n");
    }

    /// What ECS has no fields for.
    fn rest(&self, json: &mut JsonText, record: &Cells<'_>) {
        let before = json.text.len();
        json.open_field("netmon");
        let begun = json.text.len();
        self.signer.run(json);
        if record.questions.items().len() > 1 {
            json.open_list("questions");
            record.questions.items().iter().for_each(|one| question(json, one));
            json.close_list();
        }
        json.field("damage", &record.damage);
        json.field("vni", &record.vni);
        if json.text.len() == begun {
            json.text.truncate(before);
        } else {
            json.close();
        }
    }
}

fn end(
    json: &mut JsonText,
    key: &str,
    shown: &ClientsShown,
    address: &EventValue<'_>,
    port: &EventValue<'_>,
) {
    if *shown != ClientsShown::As(None) {
        json.open_field(key);
        client_fields(json, shown, address, port);
        json.close();
    }
}

fn message(json: &mut JsonText, record: &Cells<'_>, is_answer: bool) {
    json.open_field("dns");
    json.text_field("type", if is_answer { "answer" } else { "query" });
    json.key("id");
    json.text.push('"');
    json.number(record.message_id.number());
    json.text.push('"');
    json.text_field("op_code", &opcode_text(record.opcode.number()));
    if is_answer {
        json.text_field("response_code", &rcode_text(record.rcode.number()));
    }
    if record.truncated.is_true() {
        json.parts(r#""header_flags":["TC"]"#);
    }
    if let Some(first) = record.questions.items().first() {
        json.key("question");
        question(json, first);
    }
    if record.answers.is_true() {
        json.open_list("answers");
        for answer in record.answers.items() {
            json.open();
            for (key, value) in ["name", "type", "ttl", "data"].iter().zip(answer.items()) {
                json.field(key, value);
            }
            json.close();
        }
        json.close_list();
    }
    json.close();
}

fn question(json: &mut JsonText, question: &EventValue<'_>) {
    json.open();
    for (key, value) in ["name", "type"].iter().zip(question.items()) {
        json.field(key, value);
    }
    json.close();
}

/// The name of a response code, those of EDNS included.
fn rcode_text(code: u64) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        other => return Cow::Owned(other.to_string()),
    })
}

/// The name of an operation.
fn opcode_text(code: u64) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        0 => "QUERY",
        1 => "IQUERY",
        2 => "STATUS",
        4 => "NOTIFY",
        5 => "UPDATE",
        6 => "DSO",
        other => return Cow::Owned(other.to_string()),
    })
}
