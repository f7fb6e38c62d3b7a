//! Compact JSON, safe to show on a terminal.

use super::digits::{write_address, write_number};
use super::event_cells::EventValue;
use std::fmt::Write;

/// Writes JSON to a text: keys and values in the order of the calls.
#[derive(Default)]
pub struct JsonText {
    /// What was written.
    pub text: String,
}

impl JsonText {
    /// Begins an object, as an item or after a key.
    pub fn open(&mut self) {
        self.separate();
        self.text.push('{');
    }

    /// Ends an object.
    pub fn close(&mut self) {
        self.text.push('}');
    }

    /// Begins an object in a field.
    pub fn open_field(&mut self, key: &str) {
        self.key(key);
        self.text.push('{');
    }

    /// The key of a field, whose value is written next.
    pub fn key(&mut self, key: &str) {
        self.separate();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    /// Fields or items that are ready to be written; nothing if there are none.
    pub fn parts(&mut self, parts: &str) {
        if !parts.is_empty() {
            self.separate();
            self.text.push_str(parts);
        }
    }

    /// A field; nothing if it has no value.
    pub fn field(&mut self, key: &str, value: &EventValue<'_>) {
        if value.is_present() {
            self.key(key);
            self.value(value);
        }
    }

    /// A field; nothing if its value counts as false.
    pub fn true_field(&mut self, key: &str, value: &EventValue<'_>) {
        if value.is_true() {
            self.field(key, value);
        }
    }

    /// A field with a text.
    pub fn text_field(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    /// A field with a number.
    pub fn number_field(&mut self, key: &str, number: u64) {
        self.key(key);
        self.number(number);
    }

    /// Begins a list in a field.
    pub fn open_list(&mut self, key: &str) {
        self.key(key);
        self.text.push('[');
    }

    /// Ends a list.
    pub fn close_list(&mut self) {
        self.text.push(']');
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        write_number(&mut self.text, number);
    }

    /// A text in quotes.
    ///
    /// RFC 8259 requires escapes only for control characters below U+0020. Here DEL and the C1 controls are escaped as
    /// well, and invisible characters such as those that change the writing direction, because names come from packets.
    pub fn quoted(&mut self, text: &str) {
        self.text.push('"');
        // Without a branch for each byte, so that several are looked at together.
        let is_plain = |byte: u8| byte.wrapping_sub(b' ') < 95 && byte != b'"' && byte != b'\\';
        if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            self.text.push_str(text);
        } else {
            text.chars().for_each(|one| self.character(one));
        }
        self.text.push('"');
    }

    fn character(&mut self, one: char) {
        match one {
            '"' => self.text.push_str("\\\""),
            '\\' => self.text.push_str("\\\\"),
            '\n' => self.text.push_str("\\n"),
            '\r' => self.text.push_str("\\r"),
            '\t' => self.text.push_str("\\t"),
            '\u{8}' => self.text.push_str("\\b"),
            '\u{c}' => self.text.push_str("\\f"),
            one if one < ' ' || is_invisible(one) => {
                let _ = write!(self.text, "\\u{:04x}", u32::from(one));
            }
            one => self.text.push(one),
        }
    }

    fn value(&mut self, value: &EventValue<'_>) {
        match value {
            EventValue::Absent => self.text.push_str("null"),
            EventValue::Flag(value) => self.text.push_str(if *value { "true" } else { "false" }),
            EventValue::Number(number) => self.number(*number),
            EventValue::Word(word) => self.quoted(word),
            EventValue::Text(text) => self.quoted(text),
            EventValue::Host(address) => {
                self.text.push('"');
                write_address(&mut self.text, *address);
                self.text.push('"');
            }
            EventValue::Many(values) => {
                self.text.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(value);
                }
                self.text.push(']');
            }
        }
    }

    /// A comma, unless an object or a list has just begun, or follows a key.
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.text.push(',');
        }
    }
}

/// True for characters that are escaped although JSON does not require it; `netmon/outputs/json_line.py` has the same.
fn is_invisible(one: char) -> bool {
    matches!(
        one,
        '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_fields_and_items() {
        let mut json = JsonText::default();
        json.open();
        json.open_field("a");
        json.close();
        json.text_field("b", "x");
        json.open_list("c");
        for number in [1, 2] {
            json.open();
            json.number_field("n", number);
            json.close();
        }
        json.close_list();
        json.parts("");
        json.parts("\"d\":null");
        json.field("e", &EventValue::Absent);
        json.true_field("f", &EventValue::Many(Vec::new()));
        json.field("g", &EventValue::Many(vec![EventValue::Flag(true), EventValue::Word("w")]));
        json.close();
        assert_eq!(json.text, r#"{"a":{},"b":"x","c":[{"n":1},{"n":2}],"d":null,"g":[true,"w"]}"#);
    }

    #[test]
    fn quotes_controls_and_invisible_characters_are_escaped() {
        let mut json = JsonText::default();
        json.quoted("a\"\\\n\r\t\u{8}\u{c}\u{1}\u{7f}\u{a0}\u{202e}\u{feff}é€\u{1f600}");
        assert_eq!(json.text, "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u007f\\u00a0\\u202e\\ufeffé€\u{1f600}\"");
    }
}
