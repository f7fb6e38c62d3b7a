//! Numbers and addresses as decimal text; the formatting of the standard library takes several times as long.

use crate::address::Address;
use std::fmt::Write;
use std::net::IpAddr;

/// Writes a number.
pub fn write_number(text: &mut String, number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = digit(rest);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    digits[start..].iter().for_each(|digit| text.push(char::from(*digit)));
}

/// Writes the last digits of a number, with leading zeros.
pub fn write_padded(text: &mut String, number: u64, digits: usize) {
    let mut places = [0; 20];
    write_digits(&mut places[..digits], number);
    places[..digits].iter().for_each(|digit| text.push(char::from(*digit)));
}

/// Writes the last digits of a number to all places.
pub fn write_digits(places: &mut [u8], number: u64) {
    let mut rest = number;
    for place in places.iter_mut().rev() {
        *place = digit(rest);
        rest /= 10;
    }
}

/// Writes an address.
pub fn write_address(text: &mut String, address: Address) {
    match address.to_ip() {
        IpAddr::V4(ip) => {
            for (index, octet) in ip.octets().into_iter().enumerate() {
                if index > 0 {
                    text.push('.');
                }
                write_number(text, octet.into());
            }
        }
        IpAddr::V6(ip) => {
            let _ = write!(text, "{ip}"); // cannot fail
        }
    }
}

/// The last digit of a number.
fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for number in [0, 7, 10, 99, 100, 65_535, 1_000_000_007, u64::MAX - 1, u64::MAX] {
            let mut text = String::from("x");
            write_number(&mut text, number);
            assert_eq!(text, format!("x{number}"));
        }
    }

    #[test]
    fn digits_are_filled_up_with_zeros() {
        for (number, digits, expected) in [(0, 2, "00"), (7, 2, "07"), (2026, 4, "2026"), (120, 6, "000120")]
        {
            let mut text = String::new();
            write_padded(&mut text, number, digits);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for address in ["0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1"] {
            let mut text = String::new();
            write_address(&mut text, address.parse::<IpAddr>().unwrap().into());
            assert_eq!(text, address);
        }
    }
}
