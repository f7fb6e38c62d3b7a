//! The tokens of a Rust file, without comments and without the text of literals.

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// An identifier, a keyword, or a number.
    Word(String),
    /// A character of punctuation.
    Punct(char),
    /// A string or character literal.
    Literal,
}

impl Token {
    /// True for this word.
    pub fn is_word(&self, expected: &str) -> bool {
        matches!(self, Self::Word(word) if word == expected)
    }

    /// True for this character.
    pub fn is_punct(&self, expected: char) -> bool {
        *self == Self::Punct(expected)
    }
}

/// Splits a file into tokens.
pub fn tokens(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (token, length) = match rest {
            ['/', '/', ..] => (None, until(rest, |tail| tail[0] == '\n')),
            ['/', '*', ..] => (None, block_comment(rest)),
            ['"', ..] => (Some(Token::Literal), string(rest)),
            ['\'', '\\', tail @ ..] => (Some(Token::Literal), 4 + until(&tail[1..], |tail| tail[0] == '\'')),
            ['\'', _, '\'', ..] => (Some(Token::Literal), 3),
            [one, ..] if one.is_alphanumeric() || *one == '_' => {
                let length = until(rest, |tail| !(tail[0].is_alphanumeric() || tail[0] == '_'));
                let word: String = rest[..length].iter().collect();
                match (word.as_str(), &rest[length..]) {
                    ("b" | "c", ['"', ..]) => (Some(Token::Literal), length + string(&rest[length..])),
                    ("b", ['\'', ..]) => (None, length),
                    ("r" | "br" | "cr", ['"' | '#', ..]) => {
                        (Some(Token::Literal), length + raw(&rest[length..]))
                    }
                    _ => (Some(Token::Word(word)), length),
                }
            }
            [one, ..] if one.is_whitespace() => (None, 1),
            [one, ..] => (Some(Token::Punct(*one)), 1),
            [] => break,
        };
        found.extend(token);
        at += length;
    }
    found
}

/// The number of characters before the first tail for which `ends` is true.
fn until(text: &[char], ends: impl Fn(&[char]) -> bool) -> usize {
    (0..text.len()).find(|&at| ends(&text[at..])).unwrap_or(text.len())
}

/// Length of a block comment, including nested ones.
fn block_comment(text: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match &text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of a string literal with its quotes.
fn string(text: &[char]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Length of a raw string literal from its first hash or quote.
fn raw(text: &[char]) -> usize {
    let hashes = until(text, |tail| tail[0] != '#');
    let is_end =
        |tail: &[char]| tail[0] == '"' && tail[1..].iter().take_while(|&&c| c == '#').count() >= hashes;
    let body = &text[hashes + 1..];
    hashes + 1 + until(body, is_end) + 1 + hashes
}
