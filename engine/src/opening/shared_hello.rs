//! ClientHellos as flows keep them. The name belongs to the flow; all other content is the same in every hello
//! that a program sends, and is kept once.

use crate::wire::tls::ClientHello;
use foldhash::fast::RandomState;
use std::collections::HashSet;
use std::sync::Arc;

/// Maximum number of different hellos kept for sharing; a site has a few hundred. The lists of a `ClientHello` are
/// bounded, so each takes a few KB at most.
const MAX_SHARED: usize = 4096;

/// A ClientHello.
#[derive(Clone, Debug)]
pub struct Hello {
    server_name: Option<Box<str>>,
    /// All other content; its own name is empty where the hello has one.
    content: Arc<ClientHello>,
}

impl Hello {
    /// As `ClientHello::server_name`.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// All but the name.
    pub fn content(&self) -> &ClientHello {
        &self.content
    }
}

impl From<ClientHello> for Hello {
    fn from(mut hello: ClientHello) -> Self {
        // Copied, not shrunk: shrinking would leave an unusable hole in the heap behind every name.
        let server_name = hello.server_name.as_mut().map(|name| Box::from(std::mem::take(name).as_str()));
        Self { server_name, content: Arc::new(hello) }
    }
}

/// The different contents of hellos so far.
#[derive(Debug, Default)]
pub struct SharedHellos {
    contents: HashSet<Arc<ClientHello>, RandomState>,
    /// Hellos for which there was no room since the latest cleanup.
    refused: usize,
}

impl SharedHellos {
    /// Lets a hello share the content of an equal one. If the table is full, a hello keeps its own content, and from
    /// time to time the contents that no flow uses any more are dropped.
    pub fn share(&mut self, hello: &mut Hello) {
        if let Some(content) = self.contents.get(&hello.content) {
            hello.content = Arc::clone(content);
            return;
        }
        if self.contents.len() >= MAX_SHARED {
            self.refused += 1;
            if self.refused < MAX_SHARED {
                return; // a cleanup costs as much as adding MAX_SHARED hellos
            }
            self.refused = 0;
            self.contents.retain(|content| Arc::strong_count(content) > 1);
        }
        if self.contents.len() < MAX_SHARED {
            self.contents.insert(Arc::clone(&hello.content));
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
    fn names_are_separate_and_the_rest_is_shared() {
        let mut hellos = SharedHellos::default();
        let (mut one, mut other, mut third) =
            (hello("a.example", 1), hello("b.example", 1), hello("c.example", 2));
        for hello in [&mut one, &mut other, &mut third] {
            hellos.share(hello);
        }
        assert!(Arc::ptr_eq(&one.content, &other.content));
        assert!(!Arc::ptr_eq(&one.content, &third.content));
        let names = [one, other, third].map(|hello| hello.server_name.unwrap());
        assert_eq!(names.each_ref().map(|name| &**name), ["a.example", "b.example", "c.example"]);
    }

    #[test]
    fn a_hello_without_a_name_differs_from_one_with_an_empty_name() {
        let mut hellos = SharedHellos::default();
        let (mut empty, mut none) = (hello("", 1), hello("", 1));
        none = ClientHello { server_name: None, ..(*none.content).clone() }.into();
        hellos.share(&mut empty);
        hellos.share(&mut none);
        assert!(!Arc::ptr_eq(&empty.content, &none.content));
        assert_eq!((empty.server_name.as_deref(), none.server_name.as_deref()), (Some(""), None));
    }

    #[test]
    fn shared_hellos_are_bounded_and_unused_ones_are_dropped_first() {
        let mut hellos = SharedHellos::default();
        let mut alive = hello("a.example", 0);
        hellos.share(&mut alive);
        for version in 1..=u16::MAX {
            hellos.share(&mut hello("a.example", version));
            assert!(hellos.contents.len() <= MAX_SHARED);
        }
        let mut again = hello("b.example", 0);
        hellos.share(&mut again);
        assert!(Arc::ptr_eq(&alive.content, &again.content));
        assert!(!hellos.contents.contains(&hello("a.example", 1).content));
    }
}
