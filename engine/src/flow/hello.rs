//! Hellos as flows keep them: the name is a flow's own; what else a hello says is the same for all that one
//! program sends, and kept once.

use crate::wire::tls::ClientHello;
use foldhash::fast::RandomState;
use std::collections::HashSet;
use std::sync::Arc;

/// Different hellos that are kept for others to share; a site has a few hundred.
const MAX_KINDS: usize = 4096;

/// A ClientHello.
#[derive(Clone, Debug)]
pub struct Hello {
    /// As `ClientHello::server_name`.
    pub server_name: Option<Box<str>>,
    /// All the rest; its own name is empty where there is one.
    pub said: Arc<ClientHello>,
}

impl From<ClientHello> for Hello {
    fn from(mut hello: ClientHello) -> Self {
        // Copied, not shrunk: shrinking leaves a hole behind every name that fits nothing else.
        let server_name = hello.server_name.as_mut().map(|name| Box::from(std::mem::take(name).as_str()));
        Self { server_name, said: Arc::new(hello) }
    }
}

/// What hellos said so far, for others to share.
#[derive(Debug, Default)]
pub struct Kinds {
    kinds: HashSet<Arc<ClientHello>, RandomState>,
    /// Hellos that found no room since it was last looked for.
    refused: usize,
}

impl Kinds {
    /// Lets a hello share what an earlier one said. Beyond the bound a hello keeps its own, and once in a
    /// while those that no flow has any more are forgotten.
    pub fn share(&mut self, hello: &mut Hello) {
        if let Some(kind) = self.kinds.get(&hello.said) {
            hello.said = Arc::clone(kind);
            return;
        }
        if self.kinds.len() >= MAX_KINDS {
            self.refused += 1;
            if self.refused < MAX_KINDS {
                return; // looking for room is as much work as taking so many in
            }
            self.refused = 0;
            self.kinds.retain(|kind| Arc::strong_count(kind) > 1);
        }
        if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(Arc::clone(&hello.said));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(name: &str, version: u16) -> Hello {
        ClientHello { server_name: Some(name.into()), versions: vec![version], ..ClientHello::default() }
            .into()
    }

    #[test]
    fn names_are_apart_and_the_rest_is_shared() {
        let mut kinds = Kinds::default();
        let (mut one, mut other, mut third) =
            (hello("a.example", 1), hello("b.example", 1), hello("c.example", 2));
        for hello in [&mut one, &mut other, &mut third] {
            kinds.share(hello);
        }
        assert!(Arc::ptr_eq(&one.said, &other.said));
        assert!(!Arc::ptr_eq(&one.said, &third.said));
        let names = [one, other, third].map(|hello| hello.server_name.unwrap());
        assert_eq!(names.each_ref().map(|name| &**name), ["a.example", "b.example", "c.example"]);
    }

    #[test]
    fn a_hello_without_a_name_is_another_kind_than_one_with_an_empty_name() {
        let mut kinds = Kinds::default();
        let (mut empty, mut none) = (hello("", 1), hello("", 1));
        none = ClientHello { server_name: None, ..(*none.said).clone() }.into();
        kinds.share(&mut empty);
        kinds.share(&mut none);
        assert!(!Arc::ptr_eq(&empty.said, &none.said));
        assert_eq!((empty.server_name.as_deref(), none.server_name.as_deref()), (Some(""), None));
    }

    #[test]
    fn kinds_are_bounded_and_those_out_of_use_go_first() {
        let mut kinds = Kinds::default();
        let mut alive = hello("a.example", 0);
        kinds.share(&mut alive);
        for version in 1..=u16::MAX {
            kinds.share(&mut hello("a.example", version));
            assert!(kinds.kinds.len() <= MAX_KINDS);
        }
        let mut again = hello("b.example", 0);
        kinds.share(&mut again);
        assert!(Arc::ptr_eq(&alive.said, &again.said));
        assert!(!kinds.kinds.contains(&hello("a.example", 1).said));
    }
}
