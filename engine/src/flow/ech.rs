//! Whether a ClientHello that offers EncryptedDns Client Hello (RFC 9849) hides its name.
//!
//! The extension alone says nothing: browsers send it at random, too (GREASE, RFC 9849, 6.2), and mean
//! it to look the same. What gives a real one away is its outer server_name, which is the public name
//! of the configuration that it was made with.

use super::names::Names;
use super::record::Flow;
use crate::opening::Hello;
use crate::tag::Matcher;
use crate::types::ech_state::EchState;

/// Decides for a flow whose hello has just been read.
///
/// Used, if the outer name is a public name that this client was told in an HTTPS or SVCB record, or
/// one that the signatures know. The older encrypted_server_name (draft-ietf-tls-esni-00 to -06) is
/// used wherever it is: those who shipped it sent it to servers with a key only.
pub fn judge(flow: &mut Flow, names: &Names, matcher: &Matcher) {
    let (client, _) = flow.ends.client_end();
    let start_ns = flow.traffic.start_ns();
    let Some(naming) = flow.naming.as_deref_mut() else { return };
    let Some(hello) = naming.disclosed.hello().filter(|hello| hello.content().ech || hello.content().esni)
    else {
        return;
    };
    let is_public = |hello: &Hello| {
        let outer = hello.server_name().unwrap_or_default();
        matcher.is_public_name(outer) || names.clients.was_told_public_name(client, outer, start_ns)
    };
    naming.ech =
        Some(if hello.content().esni || is_public(hello) { EchState::Used } else { EchState::Grease });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::opening::Disclosed;
    use crate::types::flow_key::{FlowKey, TCP};
    use crate::wire::tls::ClientHello;

    fn judged(hello: ClientHello, told: &str, known: &str) -> Option<EchState> {
        let client = Address::v4([192, 0, 2, 1]);
        let server = Address::v4([198, 51, 100, 1]);
        let key = FlowKey { addresses: [client, server], ports: [50_000, 443], protocol: TCP };
        let mut flow = Flow::new(key, 0, 0, 0, 0);
        flow.naming.get_or_insert_default().disclosed = Disclosed::of_hello(hello);
        let names = Names::new(1000);
        names.clients.learn_public_name(client, told, 1);
        let matcher = Matcher::default().with_public_names(&[known.to_owned()]).unwrap();
        judge(&mut flow, &names, &matcher);
        flow.naming.and_then(|naming| naming.ech)
    }

    fn hello(name: &str, ech: bool, esni: bool) -> ClientHello {
        ClientHello { server_name: Some(name.into()), ech, esni, ..ClientHello::default() }
    }

    #[test]
    fn the_extension_alone_is_grease() {
        assert_eq!(
            judged(hello("www.example", true, false), "told.example", "known.example"),
            Some(EchState::Grease)
        );
    }

    #[test]
    fn a_public_name_that_the_client_was_told_or_that_is_known_gives_a_real_one_away() {
        for outer in ["told.example", "known.example"] {
            assert_eq!(
                judged(hello(outer, true, false), "told.example", "known.example"),
                Some(EchState::Used)
            );
        }
        // Exactly that name: what lies below it is another one.
        assert_eq!(
            judged(hello("a.known.example", true, false), "told.example", "known.example"),
            Some(EchState::Grease)
        );
    }

    #[test]
    fn without_the_extension_a_public_name_is_a_name() {
        assert_eq!(judged(hello("known.example", false, false), "told.example", "known.example"), None);
    }

    #[test]
    fn the_older_encrypted_name_is_used_wherever_it_is() {
        assert_eq!(
            judged(hello("decoy.example", false, true), "told.example", "known.example"),
            Some(EchState::Used)
        );
    }
}
