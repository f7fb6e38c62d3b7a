//! Reports as rows: plain tuples in the order of `netmon.records.FlowRecord` and `DnsRecord`.

use crate::counters::tally::Tally;
use crate::counters::view_counters::ViewCounters;
use crate::report::flow_report::{FlowReport, Occasion};
use crate::resolution::{DnsReport, LearnedNames};
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::evidence::Evidence;
use crate::types::unnamed::Unnamed;
use crate::wire::certificate::Certificate;
use crate::wire::dns::{Answer, Data, Service};
use crate::wire::dns_type::rtype_text;
use crate::wire::quic::Family;
use crate::wire::Rejection;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::IntoPyObjectExt;
use std::collections::BTreeMap;

/// Fields of a flow row.
pub const FLOW_FIELDS: [&str; 40] = [
    "flow_id",
    "phase",
    "end_reason",
    "transport",
    "client",
    "client_port",
    "server",
    "server_port",
    "interface",
    "start_ns",
    "last_ns",
    "sent_packets",
    "sent_bytes",
    "received_packets",
    "received_bytes",
    "new_sent_bytes",
    "new_received_bytes",
    "name",
    "evidence",
    "reason",
    "candidates",
    "entry",
    "matched",
    "server_name",
    "alpn",
    "tls_versions",
    "ja4",
    "ech",
    "certificate_subject",
    "certificate_issuer",
    "certificate_names",
    "encrypted_dns",
    "resolver",
    "fallback",
    "asked",
    "rtt_ns",
    "interception",
    "view",
    "unseen_bytes",
    "duplicates",
];

/// Fields of a DNS row.
pub const DNS_FIELDS: [&str; 14] = [
    "time_ns",
    "kind",
    "transport",
    "source",
    "source_port",
    "destination",
    "destination_port",
    "message_id",
    "response",
    "opcode",
    "rcode",
    "truncated",
    "questions",
    "answers",
];

/// What a batch is in Python: two lists of tuples.
pub type Batch<'py> = (Bound<'py, PyList>, Bound<'py, PyList>);

/// Moves reports into a batch. `interfaces` are the source's capture interfaces.
pub fn batch<'py>(
    py: Python<'py>,
    flows: Vec<FlowReport>,
    dns: Vec<DnsReport>,
    interfaces: &[String],
) -> PyResult<Batch<'py>> {
    let flows = flows.into_iter().map(|flow| flow_row(py, flow, interfaces));
    let dns = dns.into_iter().map(|message| dns_row(py, message));
    Ok((
        PyList::new(py, flows.collect::<PyResult<Vec<_>>>()?)?,
        PyList::new(py, dns.collect::<PyResult<Vec<_>>>()?)?,
    ))
}

/// One element of a row.
fn any<'py, T: IntoPyObject<'py>>(py: Python<'py>, value: T) -> PyResult<Bound<'py, PyAny>> {
    value.into_bound_py_any(py)
}

fn transport(is_tcp: bool) -> &'static str {
    if is_tcp {
        "tcp"
    } else {
        "udp"
    }
}

fn flow_row<'py>(py: Python<'py>, flow: FlowReport, interfaces: &[String]) -> PyResult<Bound<'py, PyTuple>> {
    let (phase, end) = match flow.occasion {
        Occasion::Open => ("open", None),
        Occasion::Update => ("update", None),
        Occasion::End(end) => ("end", Some(end.label())),
    };
    let view = [
        (flow.one_way, "one_way"),
        (flow.no_start, "no_start"),
        (flow.cut, "cut"),
        (flow.gap, "gap"),
        (flow.proxied, "proxied"),
        (flow.unseen, "unseen"),
        (flow.duplicates > 0, "duplicates"),
    ];
    let view: Vec<&str> = view.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    let (subject, issuer, names) = match flow.certificate.map(|certificate| *certificate) {
        Some(Certificate { common_name, issuer, by_common_name: true, .. }) => {
            (common_name, Some(issuer), Vec::new())
        }
        Some(Certificate { common_name, issuer, names, .. }) => (common_name, Some(issuer), names),
        None => (None, None, Vec::new()),
    };
    let versions: Vec<String> = flow.versions.iter().map(|v| version_text(*v)).collect();
    let fields = [
        any(py, flow.flow_id)?,
        any(py, phase)?,
        any(py, end)?,
        any(py, transport(flow.is_tcp))?,
        any(py, flow.client.0.to_string())?,
        any(py, flow.client.1)?,
        any(py, flow.server.0.to_string())?,
        any(py, flow.server.1)?,
        any(py, interfaces.get(usize::from(flow.interface)).filter(|name| !name.is_empty()))?,
        any(py, flow.start_ns)?,
        any(py, flow.last_ns)?,
        any(py, flow.sent.0)?,
        any(py, flow.sent.1)?,
        any(py, flow.received.0)?,
        any(py, flow.received.1)?,
        any(py, flow.new_bytes.0)?,
        any(py, flow.new_bytes.1)?,
        any(py, flow.name)?,
        any(py, flow.evidence.label())?,
        any(py, flow.reason.map(|reason| reason.label()))?,
        PyTuple::new(py, flow.candidates)?.into_any(),
        any(py, flow.entry)?,
        any(py, flow.matched)?,
        any(py, flow.server_name)?,
        PyTuple::new(py, flow.alpn)?.into_any(),
        PyTuple::new(py, versions)?.into_any(),
        any(py, flow.ja4)?,
        any(py, flow.ech.map(EchState::label))?,
        any(py, subject)?,
        any(py, issuer)?,
        PyTuple::new(py, names)?.into_any(),
        any(py, flow.encrypted_dns.map(EncryptedDns::label))?,
        any(py, flow.resolver)?,
        any(py, flow.is_fallback)?,
        any(py, flow.asked)?,
        any(py, flow.rtt_ns)?,
        any(py, flow.interception.label())?,
        PyTuple::new(py, view)?.into_any(),
        any(py, flow.unseen_bytes)?,
        any(py, flow.duplicates)?,
    ];
    PyTuple::new(py, fields)
}

/// "1.3" for 0x0304; unknown versions as a number.
fn version_text(version: u16) -> String {
    match version {
        0x0300 => "ssl3".into(),
        0x0301..=0x0304 => format!("1.{}", version - 0x0301),
        0xfeff => "dtls1.0".into(),
        0xfefc | 0xfefd => format!("dtls1.{}", 0xfeff - version),
        other => format!("0x{other:04x}"),
    }
}

fn dns_row(py: Python<'_>, report: DnsReport) -> PyResult<Bound<'_, PyTuple>> {
    let message = report.message;
    let questions = message.questions.into_iter().map(|q| (q.name, rtype_text(q.rtype).into_owned()));
    let answers = message.answers.into_iter().map(answer_row);
    let fields = [
        any(py, report.time_ns)?,
        any(py, report.kind)?,
        any(py, transport(report.is_tcp))?,
        any(py, report.source.0.to_string())?,
        any(py, report.source.1)?,
        any(py, report.destination.0.to_string())?,
        any(py, report.destination.1)?,
        any(py, message.id)?,
        any(py, message.response)?,
        any(py, message.opcode)?,
        any(py, message.rcode)?,
        any(py, message.truncated)?,
        PyTuple::new(py, questions.collect::<Vec<_>>())?.into_any(),
        PyTuple::new(py, answers.collect::<Vec<_>>())?.into_any(),
    ];
    PyTuple::new(py, fields)
}

/// (name, type, TTL, data as text).
fn answer_row(answer: Answer) -> (String, String, u32, String) {
    let data = match answer.data {
        Data::Address(address) => address.to_string(),
        Data::Alias(target) => target,
        Data::Service(service) => service_text(&service),
        Data::Other => String::new(),
    };
    (answer.name, rtype_text(answer.rtype).into_owned(), answer.ttl_s, data)
}

/// An SVCB record in a form close to RFC 9460, 2.1.
fn service_text(service: &Service) -> String {
    let mut text = format!("{} {}", service.priority, service.target);
    if !service.alpn.is_empty() {
        text += &format!(" alpn={}", service.alpn.join(","));
    }
    for hint in &service.hints {
        text += &format!(" hint={hint}");
    }
    if service.ech.is_some() {
        text += " ech";
    }
    text
}

/// The counters as a dictionary; see `Engine.stats` in `netmon/_engine.pyi`.
///
/// `interfaces` are the source's capture interfaces; one that has no name is "".
pub fn stats<'py>(
    py: Python<'py>,
    tally: &Tally,
    names: &LearnedNames,
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let evidence = Evidence::ALL.map(Evidence::label);
    let unnamed = Unnamed::ALL.map(Unnamed::label);
    let (entries, bytes, evicted) = names.usage();
    let rejected = PyDict::new(py);
    for (rejection, count) in Rejection::ALL.iter().zip(tally.rejected) {
        rejected.set_item(rejection.label(), count)?;
    }
    for (problem, count) in &tally.problems {
        rejected.set_item(problem, count)?;
    }
    let total = tally.total_view();
    let dict = PyDict::new(py);
    let numbers = [
        ("packets", total.packets),
        ("bytes", total.bytes),
        ("flows", tally.flows),
        ("live_flows", tally.live_flows),
        ("live_heads", tally.live_heads),
        ("live_fragments", tally.live_fragments),
        ("other_flows", tally.other_flows),
        ("other_sent_bytes", tally.other_sent_bytes),
        ("other_received_bytes", tally.other_received_bytes),
        ("hellos", tally.hellos),
        ("quic_initials", tally.quic_initials),
        ("quic_negotiations", tally.quic_negotiations),
        ("dns_messages", tally.dns_messages),
        ("dns_names", entries as u64),
        ("dns_name_bytes", bytes as u64),
        ("clock_steps", tally.clock_steps),
        ("interceptions", tally.interceptions),
        ("last_ns", tally.last_ns),
    ];
    for (key, number) in numbers {
        dict.set_item(key, number)?;
    }
    dict.set_item("first_ns", tally.first_ns)?;
    dict.set_item("rejected", rejected)?;
    dict.set_item("named", labelled(py, &evidence, &tally.named)?)?;
    dict.set_item("unnamed", labelled(py, &unnamed, &tally.unnamed)?)?;
    dict.set_item("ech", labelled(py, &EchState::ALL.map(EchState::label), &tally.ech)?)?;
    dict.set_item("quic_flows", labelled(py, &Family::ALL.map(Family::label), &tally.quic_flows)?)?;
    let tables = ["flows", "heads", "fragments", "names", "clients"];
    let evictions =
        [tally.flows_evicted, tally.heads_evicted, tally.fragments_evicted, evicted, names.clients.usage().1];
    dict.set_item("named_bytes", labelled(py, &evidence, &tally.named_bytes)?)?;
    dict.set_item("unnamed_bytes", labelled(py, &unnamed, &tally.unnamed_bytes)?)?;
    dict.set_item("view", views(py, &tally.views, interfaces)?)?;
    let encrypted = labelled(py, &EncryptedDns::ALL.map(EncryptedDns::label), &tally.encrypted_dns)?;
    dict.set_item("encrypted_dns", encrypted)?;
    dict.set_item("evicted", labelled(py, &tables, &evictions)?)?;
    Ok(dict)
}

/// Figures on the view by interface name, without interfaces that showed nothing.
fn views<'py>(
    py: Python<'py>,
    views: &[ViewCounters],
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let mut by_name: BTreeMap<&str, ViewCounters> = BTreeMap::new();
    for (number, view) in views.iter().enumerate().filter(|(_, view)| view.packets > 0) {
        by_name.entry(interfaces.get(number).map_or("", String::as_str)).or_default().add(view);
    }
    let dict = PyDict::new(py);
    for (name, view) in by_name {
        let labels = [
            "packets",
            "duplicate_packets",
            "cut_packets",
            "coalesced_packets",
            "tcp_bytes",
            "unseen_tcp_bytes",
            "connections",
            "one_way_connections",
            "incomplete_hellos",
        ];
        let counts = [
            view.packets,
            view.duplicate_packets,
            view.cut_packets,
            view.coalesced_packets,
            view.tcp_bytes,
            view.unseen_tcp_bytes,
            view.connections,
            view.one_way_connections,
            view.incomplete_hellos,
        ];
        dict.set_item(name, labelled(py, &labels, &counts)?)?;
    }
    Ok(dict)
}

fn labelled<'py>(py: Python<'py>, labels: &[&str], counts: &[u64]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (label, count) in labels.iter().zip(counts) {
        dict.set_item(label, count)?;
    }
    Ok(dict)
}
