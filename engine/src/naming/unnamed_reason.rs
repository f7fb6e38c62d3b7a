//! The reason why a flow has no name.

use super::knowledge::Knowledge;
use crate::resolution::DNS_PORT;
use crate::types::opening_state::OpeningState;
use crate::types::unnamed::Unnamed;
use crate::wire::quic::QUIC_PORT;

/// Why the flow has no name. If the flow has no hello with a name, and its client uses encrypted DNS, the reason is
/// the encrypted DNS, which would have shown the name otherwise.
pub fn unnamed_reason(known: Knowledge<'_>) -> Unnamed {
    match reason_without_dns(known) {
        Unnamed::NoServerName | Unnamed::NotTls | Unnamed::StartedBeforeSensor | Unnamed::StartUnknown
            if known.state.is_dns_hidden() && !carries_dns(known) =>
        {
            Unnamed::EncryptedDns
        }
        reason => reason,
    }
}

/// A flow that carries DNS goes to an address that was configured, not looked up.
fn carries_dns(known: Knowledge<'_>) -> bool {
    let is_encrypted = known.clues.is_some_and(|clues| clues.dns.encrypted().is_some());
    is_encrypted || known.has_messages || known.ends.server_end().1 == DNS_PORT
}

/// A flow of datagrams that is not QUIC. On the port of QUIC, a flow without a handshake is one that began before
/// the sensor started.
fn is_other_datagrams(known: Knowledge<'_>) -> bool {
    !known.ends.is_tcp() && known.opening.quic().is_none() && !known.ends.has_port(QUIC_PORT)
}

fn reason_without_dns(known: Knowledge<'_>) -> Unnamed {
    let states = known.opening.states();
    let either = |state| states.contains(&state);
    let is_client_waiting = states[known.ends.client_side()] == OpeningState::Waiting;
    if known.state.is_encrypted() {
        Unnamed::Ech
    } else if either(OpeningState::Hello) {
        Unnamed::NoServerName
    } else if either(OpeningState::Malformed) {
        Unnamed::Malformed
    } else if either(OpeningState::Cut) || (known.is_cut && is_client_waiting && known.ends.is_tcp()) {
        Unnamed::TruncatedCapture
    } else if either(OpeningState::Incomplete) || either(OpeningState::Collecting) {
        Unnamed::NoHelloSeen
    } else if known.opening.is_quic_unreadable() {
        Unnamed::UnknownQuicVersion
    } else if either(OpeningState::NotTls)
        || either(OpeningState::Between)
        || is_other_datagrams(known) && !either(OpeningState::MidStream)
    {
        Unnamed::NotTls
    } else if known.opening.quic().is_some() {
        Unnamed::NoHelloSeen
    } else if either(OpeningState::MidStream) || !known.opening.is_started() {
        match known.state.is_start_unknown() {
            true => Unnamed::StartUnknown,
            false => Unnamed::StartedBeforeSensor,
        }
    } else {
        Unnamed::NoHelloSeen
    }
}
