//! Elements of BER and DER (X.690, 8.1) with tags of one byte and definite lengths: certificates, LDAP.

use super::cursor::{Cursor, Short};

pub const INTEGER: u8 = 0x02;
pub const OCTET_STRING: u8 = 0x04;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// Tag and length of the next element. A length of more than four bytes exceeds anything parsed here and
/// fails like missing bytes.
pub fn read_header(cursor: &mut Cursor<'_>) -> Result<(u8, usize), Short> {
    let tag = cursor.u8()?;
    let length = match cursor.u8()? {
        short @ 0..=0x7f => u32::from(short),
        0x81 => u32::from(cursor.u8()?),
        0x82 => u32::from(cursor.u16()?),
        0x83 => cursor.u24()?,
        0x84 => cursor.u32()?,
        _ => return Err(Short),
    };
    Ok((tag, length as usize))
}

/// Tag and content of the next element.
pub fn read_element<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Short> {
    let (tag, length) = read_header(cursor)?;
    Ok((tag, cursor.take(length)?))
}

/// The content of the next element if it has this tag; otherwise nothing is consumed.
pub fn read_if<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<Option<Cursor<'a>>, Short> {
    if cursor.rest().first() != Some(&tag) {
        return Ok(None);
    }
    let (_, content) = read_element(cursor)?;
    Ok(Some(Cursor::new(content)))
}

/// The content of the next element, which must have this tag.
pub fn read<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<Cursor<'a>, Short> {
    read_if(cursor, tag)?.ok_or(Short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_definite_form() {
        for header in [&[0x30, 1][..], &[0x30, 0x81, 1], &[0x30, 0x82, 0, 1], &[0x30, 0x84, 0, 0, 0, 1]] {
            let bytes = [header, &[7, 8]].concat();
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(read_element(&mut cursor), Ok((SEQUENCE, &[7][..])));
            assert_eq!(cursor.rest(), [8]);
        }
        for bytes in [&[0x30, 0x80, 0, 0][..], &[0x30, 0x85, 0, 0, 0, 0, 1, 7], &[0x30, 2, 7], &[0x30]] {
            assert_eq!(read_element(&mut Cursor::new(bytes)), Err(Short));
        }
    }

    #[test]
    fn an_element_with_another_tag_is_not_consumed() {
        let mut cursor = Cursor::new(&[2, 1, 5]);
        assert_eq!(read_if(&mut cursor, SET).map(|found| found.is_none()), Ok(true));
        assert_eq!(read(&mut cursor, INTEGER).map(|content| content.rest()), Ok(&[5][..]));
    }
}
