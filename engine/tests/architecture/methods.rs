//! Calls between files through the methods of one type, which need no import.

use super::graph::Graph;
use super::tokens::{tokens, Token};
use std::collections::{BTreeMap, BTreeSet};

/// Adds to a graph of imports that a file calls a method, on `self`, which another file defines for the same type.
pub fn add_method_calls(graph: &mut Graph, sources: &BTreeMap<String, String>) {
    let mut defined_in: BTreeMap<(String, String), &str> = BTreeMap::new();
    let mut calls: Vec<(&str, String, BTreeSet<String>)> = Vec::new();
    for (file, text) in sources {
        for block in impl_blocks(&tokens(text)) {
            for method in block.methods {
                defined_in.insert((block.name.clone(), method), file);
            }
            calls.push((file, block.name, block.calls));
        }
    }
    for (file, name, methods) in calls {
        for method in methods {
            let why = format!("{file}: {name}::{method}");
            match defined_in.get(&(name.clone(), method)) {
                Some(target) if *target != file => {
                    let targets = graph.entry(file.to_owned()).or_default();
                    targets.entry((*target).to_owned()).or_insert(why);
                }
                _ => {}
            }
        }
    }
}

/// `impl Type { … }`, which is not of a trait.
struct ImplBlock {
    name: String,
    methods: BTreeSet<String>,
    /// Methods called on `self`.
    calls: BTreeSet<String>,
}

fn impl_blocks(tokens: &[Token]) -> Vec<ImplBlock> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at].is_word("impl") {
            at += 1;
            continue;
        }
        let Some(length) = tokens[at..].iter().position(|token| token.is_punct('{')) else { break };
        let (header, body) = (&tokens[at + 1..at + length], body(&tokens[at + length..]));
        if let Some(name) = type_name(header) {
            blocks.push(ImplBlock { name, methods: methods(body), calls: calls(body) });
        }
        at += length + body.len();
    }
    blocks
}

/// The tokens from a brace to the one that closes it.
fn body(tokens: &[Token]) -> &[Token] {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        depth += i32::from(token.is_punct('{')) - i32::from(token.is_punct('}'));
        if depth == 0 {
            return &tokens[..=at];
        }
    }
    tokens
}

/// The name of the type in `<generics> path::Name<arguments>`; None for `Trait for Type`.
fn type_name(header: &[Token]) -> Option<String> {
    let mut depth = 0;
    let mut name = None;
    for token in header {
        depth += i32::from(token.is_punct('<')) - i32::from(token.is_punct('>'));
        match token {
            Token::Word(word) if word == "for" => return None,
            Token::Word(word) if word == "where" => break,
            Token::Word(word) if depth == 0 => name = Some(word.clone()),
            _ => {}
        }
    }
    name
}

fn methods(body: &[Token]) -> BTreeSet<String> {
    let pairs = body.windows(2).filter(|pair| pair[0].is_word("fn"));
    pairs.filter_map(|pair| word(&pair[1])).collect()
}

fn calls(body: &[Token]) -> BTreeSet<String> {
    let on_self = |call: &&[Token]| {
        call[0].is_word("self") && call[1].is_punct('.') && matches!(call[3], Token::Punct('(' | ':'))
    };
    body.windows(4).filter(on_self).filter_map(|call| word(&call[2])).collect()
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) => Some(word.clone()),
        _ => None,
    }
}
