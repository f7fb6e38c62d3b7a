//! The declarations and paths in a Rust file. Code under `#[cfg(test)]` is ignored.

use super::tokens::{tokens, Token};

/// The body of a module.
#[derive(Debug, Default)]
pub struct Body {
    /// Modules with a file of their own.
    pub file_modules: Vec<String>,
    /// Modules inside this file.
    pub inline_modules: Vec<(String, Body)>,
    /// Names of functions, types, constants and macros.
    pub items: Vec<String>,
    /// Names of types that are visible beyond the parent module.
    pub public_types: Vec<String>,
    /// The paths of all `use` declarations.
    pub uses: Vec<Use>,
    /// All other paths with at least two segments.
    pub paths: Vec<Vec<String>>,
}

/// One path of a `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its segments, without the `*` of a glob.
    pub path: Vec<String>,
    /// The name it introduces; None for a glob.
    pub name: Option<String>,
}

/// Parses a file.
pub fn parse(text: &str) -> Body {
    let tokens = tokens(text);
    Parser { tokens: &tokens, at: 0 }.body()
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn body(&mut self) -> Body {
        let mut body = Body::default();
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Punct('{') => depth += 1,
                Token::Punct('}') if depth == 0 => break,
                Token::Punct('}') => depth -= 1,
                Token::Punct('#') if self.is_test_attribute() => {
                    self.skip_item();
                    continue;
                }
                Token::Word(word) => {
                    self.word(&word.clone(), depth, &mut body);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        body
    }

    /// Reads the declaration or path that begins with a word.
    fn word(&mut self, word: &str, depth: u32, body: &mut Body) {
        let next = self.tokens.get(self.at + 1).cloned();
        match (word, next) {
            ("use", _) => {
                self.at += 1;
                self.use_tree(Vec::new(), &mut body.uses);
            }
            ("mod", Some(Token::Word(name))) if depth == 0 => {
                let is_inline = self.tokens.get(self.at + 2).is_some_and(|token| token.is_punct('{'));
                self.at += 3;
                if is_inline {
                    let inside = self.body();
                    self.at += 1;
                    body.inline_modules.push((name, inside));
                } else {
                    body.file_modules.push(name);
                }
            }
            ("struct" | "enum" | "union" | "trait" | "type", Some(Token::Word(name))) if depth == 0 => {
                if self.is_public() {
                    body.public_types.push(name.clone());
                }
                body.items.push(name);
                self.at += 2;
            }
            ("fn" | "const" | "static", Some(Token::Word(name))) if depth == 0 => {
                body.items.push(name);
                self.at += if word == "fn" { 2 } else { 1 };
            }
            ("macro_rules", _) => {
                if let Some(Token::Word(name)) = self.tokens.get(self.at + 2) {
                    body.items.push(name.clone());
                }
                self.at += 3;
            }
            _ => self.path(body),
        }
    }

    /// True if `pub` or `pub(crate)` precedes the current word.
    fn is_public(&self) -> bool {
        let before = &self.tokens[..self.at];
        match before {
            [.., Token::Word(public)] => public == "pub",
            [.., public, Token::Punct('('), scope, Token::Punct(')')] => {
                public.is_word("pub") && scope.is_word("crate")
            }
            _ => false,
        }
    }

    /// Reads a path, or a single word.
    fn path(&mut self, body: &mut Body) {
        let is_start = self.at == 0 || !matches!(self.tokens[self.at - 1], Token::Punct(':' | '.'));
        let mut segments = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.get(self.at) {
            segments.push(word.clone());
            self.at += 1;
            if !self.is_separator() {
                break;
            }
            self.at += 2;
        }
        if segments.len() > 1 && is_start {
            body.paths.push(segments);
        }
    }

    fn is_separator(&self) -> bool {
        matches!(self.tokens[self.at..], [Token::Punct(':'), Token::Punct(':'), ..])
    }

    /// Reads one branch of a `use` declaration, whose segments so far are `path`.
    fn use_tree(&mut self, mut path: Vec<String>, uses: &mut Vec<Use>) {
        if self.is_separator() {
            self.at += 2; // a path that begins with an external crate
        }
        loop {
            match self.tokens.get(self.at).cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    if word == "self" && !path.is_empty() {
                        break;
                    }
                    path.push(word);
                    if !self.is_separator() {
                        break;
                    }
                    self.at += 2;
                }
                Some(Token::Punct('*')) => {
                    self.at += 1;
                    uses.push(Use { path, name: None });
                    return;
                }
                Some(Token::Punct('{')) => {
                    self.at += 1;
                    while !self.tokens[self.at].is_punct('}') {
                        self.use_tree(path.clone(), uses);
                        if self.tokens[self.at].is_punct(',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => break,
            }
        }
        let mut name = path.last().cloned();
        if self.tokens.get(self.at).is_some_and(|token| token.is_word("as")) {
            name = match self.tokens.get(self.at + 1) {
                Some(Token::Word(alias)) => Some(alias.clone()),
                _ => None,
            };
            self.at += 2;
        }
        uses.push(Use { path, name });
    }

    /// True at `#[cfg(test)]`.
    fn is_test_attribute(&self) -> bool {
        match &self.tokens[self.at..] {
            [_, Token::Punct('['), cfg, Token::Punct('('), test, Token::Punct(')'), Token::Punct(']'), ..] => {
                cfg.is_word("cfg") && test.is_word("test")
            }
            _ => false,
        }
    }

    /// Skips attributes and the item after them.
    fn skip_item(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| token.is_punct('#')) {
            self.at += 1;
            self.skip_group();
        }
        let until_semicolon =
            |token: &Token| ["use", "const", "static", "type", "let"].iter().any(|w| token.is_word(w));
        let mut ends_with_semicolon = false;
        while let Some(token) = self.tokens.get(self.at) {
            ends_with_semicolon |= until_semicolon(token);
            match token {
                Token::Punct(';') => {
                    self.at += 1;
                    return;
                }
                Token::Punct('{') => {
                    self.skip_group();
                    if !ends_with_semicolon {
                        return;
                    }
                }
                Token::Punct('(' | '[') => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// Skips a pair of brackets and its contents.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Punct('(' | '[' | '{') => depth += 1,
                Token::Punct(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}
