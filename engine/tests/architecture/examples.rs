//! Tests of the checker itself on small made-up source trees.

use super::circles;
use super::graph::directories_of;
use super::imports::{imports, public_types, Crate};
use super::methods::add_method_calls;

fn tree(files: &[(&str, &str)]) -> Crate {
    Crate::parse(&files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
}

/// The circles of files in a tree.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    circles::find(&imports(&tree(files)))
}

#[test]
fn a_circle_of_two_is_named_file_by_file_with_the_imports_that_make_it() {
    let found = found(&[
        ("lib.rs", "mod a;\npub mod b;"),
        ("a.rs", "use crate::b::Two;\npub struct One;"),
        ("b.rs", "use crate::a::One;\npub struct Two;"),
    ]);
    let expected =
        "a circle of 2:\n  a.rs -> b.rs (a.rs: crate::b::Two)\n  b.rs -> a.rs (b.rs: crate::a::One)";
    assert_eq!(found, [expected]);
}

#[test]
fn a_circle_of_three_is_found() {
    let found = found(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "fn f() { crate::c::g() }"),
        ("c.rs", "pub fn g() -> Option<crate::a::One> { None }"),
    ]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("a circle of 3:\n  a.rs -> b.rs"), "{}", found[0]);
}

#[test]
fn imports_in_nested_braces_are_read_one_by_one() {
    let found = found(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use {std::fmt, crate::{c::{self, X as Y}, b::{Two}}};"),
        ("b.rs", "use crate::{a as first};"),
        ("c.rs", "pub struct X;"),
    ]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("a.rs: crate::b::Two"), "{}", found[0]);
}

#[test]
fn super_and_self_lead_to_the_neighbours_and_children() {
    let files = |inner| {
        [
            ("lib.rs", "mod folder; mod other;"),
            ("folder/mod.rs", "mod a; mod deep;"),
            ("folder/a.rs", "use super::deep::inner::Inner; pub struct One;"),
            ("folder/deep.rs", "pub mod inner;"),
            ("folder/deep/inner.rs", inner),
            ("other.rs", "use crate::folder;"),
        ]
    };
    let circle = found(&files("use super::super::a::One;"));
    assert_eq!(circle.len(), 1);
    assert!(circle[0].contains("folder/a.rs -> folder/deep/inner.rs"), "{}", circle[0]);
    let circle = found(&files("fn f() -> super::super::super::other::X { loop {} }"));
    assert_eq!(circle, Vec::<String>::new());
    let own_child = [("lib.rs", "mod a;"), ("a.rs", "mod b; use self::b::B; pub struct A;")];
    let back = |text| [&own_child[..], &[("a/b.rs", text)]].concat();
    assert_eq!(found(&back("use super::A;")).len(), 1);
    assert_eq!(found(&back("pub struct B;")).len(), 0);
}

#[test]
fn a_path_to_an_own_child_needs_no_use() {
    let found = found(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub struct A; fn f() { b::g() }"),
        ("a/b.rs", "use super::A; pub fn g() {}"),
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_path_through_an_imported_module_is_followed() {
    let found = found(&[
        ("lib.rs", "mod a; mod folder;"),
        ("a.rs", "use crate::folder; pub struct A; fn f() { folder::b::g() }"),
        ("folder/mod.rs", "pub mod b;"),
        ("folder/b.rs", "use crate::a::A; pub fn g() {}"),
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_re_export_is_followed_to_the_file_that_defines_the_item() {
    let files = |child| {
        [
            ("lib.rs", "mod folder;"),
            (
                "folder/mod.rs",
                "mod a; mod b; pub use self::a::{A, inside::Deep}; pub use b::*; pub struct Own;",
            ),
            ("folder/a.rs", "pub struct A; pub mod inside { pub struct Deep; }"),
            ("folder/b.rs", child),
        ]
    };
    assert_eq!(found(&files("use super::{A, Deep}; pub struct B;")), Vec::<String>::new());
    let circle = found(&files("use super::Own; pub struct B;"));
    assert_eq!(circle.len(), 1, "an item defined in mod.rs itself is an import of mod.rs");
    assert!(circle[0].contains("folder/b.rs -> folder/mod.rs"), "{}", circle[0]);
}

#[test]
fn a_re_export_hides_no_circle() {
    let found = found(&[
        ("lib.rs", "mod folder;"),
        ("folder/mod.rs", "mod a; mod b; pub use self::a::A; pub use self::b::B;"),
        ("folder/a.rs", "use super::B; pub struct A;"),
        ("folder/b.rs", "use crate::folder::A; pub struct B;"),
    ]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("folder/a.rs -> folder/b.rs"), "{}", found[0]);
}

#[test]
fn tests_comments_and_literals_import_nothing() {
    let found = found(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        (
            "b.rs",
            r####"// use crate::a::A;
            /* use crate::a::A; /* crate::a::A */ crate::a::A */
            #[cfg(test)] use crate::a::{A};
            #[cfg(test)] #[path = "b_tests.rs"] mod tests;
            #[cfg(test)] mod more { use crate::a::A; fn f() { crate::a::g() } }
            #[cfg(test)] const SIZE: [u8; 2] = crate::a::SIZE;
            pub struct B<'a>(&'a str, char);
            const TEXT: &str = "use crate::a::A; \" crate::a::A";
            const RAW: &str = r#"crate::a::A " crate::a::A"#;
            const QUOTES: [char; 3] = ['"', '\'', '\u{22}'];
            const BYTES: (&[u8], u8) = (b"crate::a::A", b'"');
            "####,
        ),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn two_circles_are_both_found() {
    let found = found(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::*;"),
        ("b.rs", "use crate::a::*;"),
        ("c.rs", "use crate::d::*; use crate::a::*;"),
        ("d.rs", "use crate::c::*;"),
    ]);
    assert_eq!(found.len(), 2);
}

#[test]
fn methods_of_one_type_in_two_files_can_call_each_other_in_a_circle() {
    let files = |call: &str| {
        let child = format!(
            "use super::A; impl<'a> A<'a> {{ pub fn g(&self) {{ {call} }} }} impl Copy for A {{ fn h() {{ self.f() }} }}"
        );
        let parent = "mod b; pub struct A; impl A { pub fn f(&self) { self.g() } }";
        [("lib.rs", "mod a;"), ("a.rs", parent), ("a/b.rs", &child)]
            .map(|(file, text)| (file.to_owned(), text.to_owned()))
            .into()
    };
    let found = |call: &str| {
        let sources = files(call);
        let mut graph = imports(&Crate::parse(&sources));
        add_method_calls(&mut graph, &sources);
        circles::find(&graph)
    };
    let circle = found("self.f()");
    assert_eq!(circle.len(), 1);
    assert!(circle[0].contains("a.rs -> a/b.rs (a.rs: A::g)"), "{}", circle[0]);
}

#[test]
fn directories_can_go_in_a_circle_where_files_do_not() {
    let files = tree(&[
        ("lib.rs", "mod x; mod y;"),
        ("x/mod.rs", "mod top; pub mod bottom; pub use top::Top;"),
        ("x/top.rs", "use crate::y::Middle; pub struct Top;"),
        ("x/bottom.rs", "pub struct Bottom;"),
        ("y.rs", "use crate::x::bottom::Bottom; pub struct Middle;"),
    ]);
    let graph = imports(&files);
    assert_eq!(circles::find(&graph), Vec::<String>::new());
    let found = circles::find(&directories_of(&graph));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("x -> y (x/top.rs: crate::y::Middle)"), "{}", found[0]);
}

#[test]
fn only_what_others_can_name_counts_as_a_public_type() {
    let files = tree(&[(
        "lib.rs",
        "pub struct A; pub(crate) enum B {} pub(super) struct C; struct D; pub type E = A; pub fn f() {}
         pub(in crate::x) trait G {} #[cfg(test)] pub struct H; impl A { pub const I: u8 = 0; }",
    )]);
    let names: Vec<String> = public_types(&files).map(|(name, _)| name).collect();
    assert_eq!(names, ["A", "B", "E"]);
}
