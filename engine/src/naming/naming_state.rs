//! What hides a flow's name: an encrypted ClientHello (RFC 9849), or encrypted DNS.
//!
//! The ECH extension alone does not mean that the name is encrypted: browsers also send it at random (GREASE,
//! RFC 9849, 6.2), deliberately without a visible difference. A real one is recognised by its outer server_name,
//! which is the public name of the configuration that it was made with.

use crate::address::realm_host::Host;
use crate::opening::Hello;
use crate::resolution::{DnsClues, LearnedNames};
use crate::tag::Matcher;
use crate::types::ech_state::EchState;

/// What hides the name of one flow.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamingState {
    ech: Option<EchState>,
    /// A set of DNS_HIDDEN, START_UNKNOWN and BESIDE_REST.
    flags: u8,
}

/// The client's DNS is encrypted.
const DNS_HIDDEN: u8 = 1;
/// The start of the connection may have been forgotten.
const START_UNKNOWN: u8 = 2;
/// The flow began between the ends of a connection that rests, and may be stray packets.
const BESIDE_REST: u8 = 4;

impl NamingState {
    /// Decides whether the ECH extension of the hello that `client` has just sent is used or GREASE; what was decided of
    /// another hello of the flow is forgotten.
    ///
    /// It is used if the outer name is a public name that this client received in an HTTPS or SVCB record, or one
    /// that the signatures know. Anyone can publish a record with a vendor's name, so one that the client `looked_up` for
    /// this server is the name that it wants: nobody looks up an outer name. The older encrypted_server_name
    /// (draft-ietf-tls-esni-00 to -06) is used wherever it is present, because the clients that implemented it sent it
    /// only to servers with a key.
    pub fn classify_ech(
        &mut self,
        hello: Option<&Hello>,
        (client, start_ns): (Host, u64),
        looked_up: &DnsClues,
        names: &LearnedNames,
        matcher: &Matcher,
    ) {
        self.ech = None;
        let Some(hello) = hello else { return };
        let content = hello.content();
        if !content.ech && !content.esni {
            return;
        }
        let is_public = || {
            let outer = hello.server_name().unwrap_or_default();
            let is_looked_up = |name| {
                let mut chains = looked_up.chains().iter();
                looked_up.looked_up_by().is_of_site() && chains.any(|chain| chain.question() == name)
            };
            let is_wanted = || matcher.find_name(outer).is_some() && is_looked_up(outer);
            let is_received = || names.clients.knows_public_name(client, outer, start_ns);
            matcher.is_public_name(outer) || is_received() && !is_wanted()
        };
        self.ech = Some(if content.esni || is_public() { EchState::Used } else { EchState::Grease });
    }

    /// Notes, while no name is learned from DNS, whether the client's DNS is encrypted.
    pub fn note_hidden_dns(&mut self, is_hidden: bool) {
        self.flags = if is_hidden { self.flags | DNS_HIDDEN } else { self.flags & !DNS_HIDDEN };
    }

    /// Notes that the sensor had been watching for so long that it may have seen the start of the connection, and
    /// forgotten it in a long silence.
    pub fn note_unknown_start(&mut self) {
        self.flags |= START_UNKNOWN;
    }

    /// A beginning that was not seen with this flow may have been before the sensor's, or forgotten.
    pub fn is_start_unknown(self) -> bool {
        self.flags & START_UNKNOWN != 0
    }

    /// Notes whether the flow began between the ends of a connection that rests, which may go on in it.
    pub fn note_rest(&mut self, is_beside: bool) {
        self.flags = if is_beside { self.flags | BESIDE_REST } else { self.flags & !BESIDE_REST };
    }

    /// The flow began between the ends of a connection that rests, and nothing shows yet that it is more than stray packets.
    #[inline]
    pub fn is_beside_rest(self) -> bool {
        self.flags & BESIDE_REST != 0
    }

    /// What the hello's ECH extension is, if it has one.
    pub fn ech(self) -> Option<EchState> {
        self.ech
    }

    /// The hello's name is encrypted.
    pub fn is_encrypted(self) -> bool {
        self.ech == Some(EchState::Used)
    }

    /// The client uses encrypted DNS, and no DNS in clear has shown the server's name.
    pub fn is_dns_hidden(self) -> bool {
        self.flags & DNS_HIDDEN != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::resolution::{Chain, FoundNames, LookedUpBy};
    use crate::tag::MatchKind;
    use crate::types::arrival::Arrival;
    use crate::wire::tls::ClientHello;
    use std::sync::Arc;

    fn judged(hello: ClientHello, received: &str, known: &str) -> Option<EchState> {
        let client = Address::v4([192, 0, 2, 1]).into();
        let names = LearnedNames::new(1000);
        names.clients.learn_public_name(client, received, 1);
        let matcher = Matcher::default().with_public_names(&[known.to_owned()]).unwrap();
        let mut state = NamingState::default();
        state.classify_ech(Some(&hello.into()), (client, 0), &DnsClues::default(), &names, &matcher);
        state.ech()
    }

    fn hello(name: &str, ech: bool, esni: bool) -> ClientHello {
        ClientHello { server_name: Some(name.into()), ech, esni, ..ClientHello::default() }
    }

    #[test]
    fn the_extension_alone_is_grease() {
        assert_eq!(
            judged(hello("www.example", true, false), "received.example", "known.example"),
            Some(EchState::Grease)
        );
    }

    #[test]
    fn a_public_name_that_the_client_received_or_that_is_known_reveals_a_real_one() {
        for outer in ["received.example", "known.example"] {
            assert_eq!(
                judged(hello(outer, true, false), "received.example", "known.example"),
                Some(EchState::Used)
            );
        }
        // Exactly that name: a subdomain is another name.
        assert_eq!(
            judged(hello("a.known.example", true, false), "received.example", "known.example"),
            Some(EchState::Grease)
        );
    }

    #[test]
    fn without_the_extension_a_public_name_is_a_name() {
        assert_eq!(judged(hello("known.example", false, false), "received.example", "known.example"), None);
    }

    /// How a hello with an outer name that the client received is judged, if `name` was looked up for the server.
    fn judged_after(outer: &str, name: &str, by: LookedUpBy) -> Option<EchState> {
        let address = Address::v4([192, 0, 2, 1]);
        let arrival = Arrival { time_ns: 0, interface: 0, number: 0 };
        let chain = Chain { names: vec![name.into()], resolver: address, arrival, packets: vec![] };
        let mut dns = DnsClues::default();
        dns.set_names(FoundNames { chains: [Arc::new(chain)].into(), by, is_late: false });
        let names = LearnedNames::new(1000);
        names.clients.learn_public_name(address.into(), outer, 1);
        let vendor = (0, MatchKind::Suffix, "cloud.example".to_owned());
        let matcher = Matcher::new(&[vendor], &[], &[]).unwrap();
        let matcher = matcher.with_public_names(&["known.cloud.example".to_owned()]).unwrap();
        let mut state = NamingState::default();
        let hello = hello(outer, true, false).into();
        state.classify_ech(Some(&hello), (address.into(), 0), &dns, &names, &matcher);
        state.ech()
    }

    #[test]
    fn a_received_name_of_a_vendor_that_the_client_looked_up_for_this_server_is_no_outer_name() {
        let vendor = "eu.cloud.example";
        for by in [LookedUpBy::Client, LookedUpBy::SiteResolver] {
            assert_eq!(judged_after(vendor, vendor, by), Some(EchState::Grease), "{by:?}");
            assert_eq!(judged_after(vendor, "hidden.example", by), Some(EchState::Used), "{by:?}");
        }
        for by in [LookedUpBy::Other, LookedUpBy::Unsolicited] {
            assert_eq!(judged_after(vendor, vendor, by), Some(EchState::Used), "{by:?}");
        }
    }

    #[test]
    fn a_looked_up_name_that_is_no_vendors_or_that_the_signatures_list_remains_an_outer_name() {
        for outer in ["front.example", "known.cloud.example"] {
            assert_eq!(judged_after(outer, outer, LookedUpBy::Client), Some(EchState::Used), "{outer}");
        }
    }

    #[test]
    fn another_hello_of_the_flow_is_judged_anew() {
        let client = Address::v4([192, 0, 2, 1]).into();
        let names = LearnedNames::new(1000);
        let mut state = NamingState::default();
        for (esni, judged) in [(true, Some(EchState::Used)), (false, None)] {
            let hello = hello("www.example", false, esni).into();
            state.classify_ech(Some(&hello), (client, 0), &DnsClues::default(), &names, &Matcher::default());
            assert_eq!(state.ech(), judged);
        }
    }

    #[test]
    fn the_older_encrypted_name_is_used_wherever_it_is_present() {
        assert_eq!(
            judged(hello("decoy.example", false, true), "received.example", "known.example"),
            Some(EchState::Used)
        );
    }
}
