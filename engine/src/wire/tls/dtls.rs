//! DTLS (RFC 6347, RFC 9147): the fragments of a ClientHello in a datagram. The ClientHello itself is that of
//! TLS plus a cookie (`tls::parse_hello_body`).

use super::client_hello::{CLIENT_HELLO, MAX_HELLO_BYTES};
use super::tls_record::HANDSHAKE;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Malformed;

/// A fragment of a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Message sequence number: after a HelloVerifyRequest the client sends a second ClientHello.
    pub message_seq: u16,
    /// Length of the complete body.
    pub length: u32,
    /// Offset of the fragment in the body.
    pub offset: u32,
    /// The captured bytes of the fragment.
    pub bytes: &'a [u8],
}

impl Piece<'_> {
    /// The TLS handshake header for the complete body: type and length.
    pub fn tls_header(&self) -> [u8; 4] {
        let [_, high, middle, low] = self.length.to_be_bytes();
        [CLIENT_HELLO, high, middle, low]
    }
}

/// True if a datagram begins with a ClientHello in a handshake record of epoch 0.
#[inline]
pub fn may_be_hello(datagram: &[u8]) -> bool {
    matches!(datagram, [HANDSHAKE, 0xfe, 0xfc..=0xff, 0, 0, _, _, _, _, _, _, _, _, CLIENT_HELLO, ..])
}

/// True for a record that never begins an association: ChangeCipherSpec, alert, application data, or one with
/// a connection ID (RFC 9146).
#[inline]
pub fn is_record_in_mid_stream(datagram: &[u8]) -> bool {
    matches!(datagram, [20 | 21 | 23 | 25, 0xfe, 0xfc..=0xff, ..])
}

/// The ClientHello fragments in a datagram, in their order, up to the first record that is encrypted or
/// incomplete; `is_cut`: the snap length cut the datagram.
///
/// # Errors
///
/// A length that exceeds the enclosing record or datagram.
pub fn hello_pieces(datagram: &[u8], is_cut: bool) -> Result<Vec<Piece<'_>>, Malformed> {
    let mut pieces = Vec::new();
    let mut cursor = Cursor::new(datagram);
    while let [HANDSHAKE, 0xfe, _, 0, 0, ..] = cursor.rest() {
        let Ok(header) = cursor.array::<13>() else { break };
        let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
        let available = if is_cut { length.min(cursor.rest().len()) } else { length };
        let record = cursor.take(available).map_err(|_| Malformed("record_length"))?;
        let mut messages = Cursor::new(record);
        while !messages.is_empty() {
            let piece = match read_piece(&mut messages, available < length) {
                Err(_) if available < length => break,
                piece => piece.map_err(|_| Malformed("handshake_length"))?,
            };
            pieces.extend(piece);
        }
    }
    Ok(pieces)
}

/// The next handshake fragment; None if it is not of a ClientHello.
fn read_piece<'a>(messages: &mut Cursor<'a>, is_cut: bool) -> Result<Option<Piece<'a>>, Short> {
    let kind = messages.u8()?;
    let length = messages.u24()?;
    let message_seq = messages.u16()?;
    let (offset, count) = (messages.u24()?, messages.u24()? as usize);
    let available = if is_cut { count.min(messages.rest().len()) } else { count };
    let bytes = messages.take(available)?;
    if offset as usize + count > length as usize || length as usize > MAX_HELLO_BYTES {
        return Err(Short);
    }
    Ok((kind == CLIENT_HELLO).then_some(Piece { message_seq, length, offset, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u8, messages: &[Vec<u8>]) -> Vec<u8> {
        let body = messages.concat();
        let length = (body.len() as u16).to_be_bytes();
        [&[HANDSHAKE, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0][..], &length, &body].concat()
    }

    fn message(kind: u8, length: u8, offset: u8, bytes: &[u8]) -> Vec<u8> {
        let count = bytes.len() as u8;
        [&[kind, 0, 0, length, 0, 7, 0, 0, offset, 0, 0, count][..], bytes].concat()
    }

    fn parts(datagram: &[u8]) -> Result<Vec<(u32, &[u8])>, Malformed> {
        let pieces = hello_pieces(datagram, false)?;
        Ok(pieces.into_iter().map(|piece| (piece.offset, piece.bytes)).collect())
    }

    #[test]
    fn fragments_are_found_in_several_records_and_messages() {
        let datagram = [
            record(0, &[message(1, 6, 4, b"ef"), message(16, 2, 0, b"xx")]),
            record(0, &[message(1, 6, 0, b"ab"), message(1, 6, 2, b"cd")]),
            record(1, &[message(1, 6, 0, b"??")]),
        ]
        .concat();
        assert!(may_be_hello(&datagram));
        assert_eq!(parts(&datagram), Ok(vec![(4, &b"ef"[..]), (0, b"ab"), (2, b"cd")]));
        let pieces = hello_pieces(&datagram, false).unwrap();
        assert_eq!((pieces[0].message_seq, pieces[0].tls_header()), (7, [1, 0, 0, 6]));
    }

    #[test]
    fn a_cut_datagram_yields_its_captured_bytes_and_a_short_one_is_malformed() {
        let datagram = record(0, &[message(1, 6, 0, b"abcdef")]);
        for length in 1..datagram.len() {
            let part = &datagram[..length];
            let captured = length.saturating_sub(25);
            let bytes: Vec<u8> =
                hello_pieces(part, true).unwrap().iter().flat_map(|p| p.bytes).copied().collect();
            assert_eq!(bytes, b"abcdef"[..captured]);
            assert_eq!(hello_pieces(part, false).is_err(), length >= 13);
        }
    }

    #[test]
    fn inconsistent_lengths_are_malformed() {
        for message in [message(1, 3, 2, b"ab"), [message(1, 2, 0, b"ab"), vec![1]].concat()] {
            assert_eq!(parts(&record(0, &[message])), Err(Malformed("handshake_length")));
        }
    }

    #[test]
    fn other_records_are_not_taken_for_a_hello() {
        for first in [0, 20, 21, 23, 25] {
            let mut datagram = record(0, &[message(1, 2, 0, b"ab")]);
            datagram[0] = first;
            assert!(!may_be_hello(&datagram));
            assert_eq!(parts(&datagram), Ok(vec![]));
        }
        assert!(!may_be_hello(&record(0, &[message(2, 2, 0, b"ab")])));
    }
}
