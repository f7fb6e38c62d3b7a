//! Times as text.

use super::digits::{write_digits, write_number, write_padded};
use std::fmt::Write;

const SECOND_NS: i128 = 1_000_000_000;
const DAY_S: i64 = 86_400;
/// The last second of the year 9999.
const LAST_S: i128 = 253_402_300_799;

/// Writes a time as RFC 3339 in UTC with microseconds; times after the year 9999 are given as its last second.
pub fn write_time(text: &mut String, time_ns: i128) {
    let (seconds, microseconds) = parts_of(time_ns);
    let (year, month, day) = date_of(seconds.div_euclid(DAY_S));
    let second = seconds.rem_euclid(DAY_S);
    let mut places = *b"0000-00-00T00:00:00.000000Z";
    for (first, last, number) in [
        (0, 3, year),
        (5, 6, month),
        (8, 9, day),
        (11, 12, second / 3600),
        (14, 15, second / 60 % 60),
        (17, 18, second % 60),
        (20, 25, microseconds),
    ] {
        write_digits(&mut places[first..=last], number.unsigned_abs());
    }
    text.push_str(std::str::from_utf8(&places).unwrap_or_default());
}

/// The seconds of a time and the microseconds after them. Packets have times of 64 bits, which are divided much faster.
fn parts_of(time_ns: i128) -> (i64, i64) {
    match u64::try_from(time_ns) {
        Ok(time_ns) => ((time_ns / SECOND_NS as u64) as i64, (time_ns % SECOND_NS as u64 / 1000) as i64),
        Err(_) => {
            let seconds = time_ns.div_euclid(SECOND_NS).min(LAST_S);
            (seconds as i64, (time_ns.rem_euclid(SECOND_NS) / 1000) as i64)
        }
    }
}

/// Year, month and day of a number of days since 1970 in the Gregorian calendar.
///
/// The year begins in March here, so that a leap day is the last one of a year.
fn date_of(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Writes a time span in milliseconds with at most three decimals, as JSON has it: "12.346", "2.0".
pub fn write_milliseconds(text: &mut String, span_ns: u64) {
    const EXACT: u64 = 1 << 52;
    let (microseconds, rest) = (span_ns / 1000, span_ns % 1000);
    if rest == 500 || span_ns > EXACT {
        // As a floating-point number, it may be on either side of the middle.
        let rounded: f64 = format!("{:.3}", span_ns as f64 / 1e6).parse().unwrap_or_default();
        let _ = write!(text, "{rounded:?}"); // cannot fail
        return;
    }
    let microseconds = microseconds + u64::from(rest > 500);
    write_number(text, microseconds / 1000);
    text.push('.');
    let (thousandths, digits) = match microseconds % 1000 {
        tenths if tenths % 100 == 0 => (tenths / 100, 1),
        hundredths if hundredths % 10 == 0 => (hundredths / 10, 2),
        thousandths => (thousandths, 3),
    };
    write_padded(text, thousandths, digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(time_ns: i128) -> String {
        let mut text = String::new();
        write_time(&mut text, time_ns);
        text
    }

    #[test]
    fn times_are_truncated_to_microseconds() {
        assert_eq!(time(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(time(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456Z");
        assert_eq!(time(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn leap_days_are_those_of_the_gregorian_calendar() {
        for (seconds, day) in [
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_709_164_800, "2024-02-29"),
            (1_735_603_200, "2024-12-31"),
            (4_107_456_000, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (13_574_563_200, "2400-02-29"),
        ] {
            assert_eq!(time(seconds * SECOND_NS)[..10], *day);
        }
    }

    #[test]
    fn later_times_than_four_digits_allow_are_the_last_one() {
        assert_eq!(time(LAST_S * SECOND_NS * 2), "9999-12-31T23:59:59.000000Z");
        assert_eq!(time(u64::MAX.into()), "2554-07-21T23:34:33.709551Z");
    }

    #[test]
    fn spans_have_the_decimals_that_they_need() {
        let span = |ns| {
            let mut text = String::new();
            write_milliseconds(&mut text, ns);
            text
        };
        assert_eq!(span(12_345_678), "12.346");
        assert_eq!(span(2_000_000), "2.0");
        assert_eq!(span(0), "0.0");
        assert_eq!(span(499), "0.0");
        assert_eq!(span(1_000), "0.001");
        assert_eq!(span(100_000), "0.1");
        assert_eq!(span(10_000), "0.01");
        assert_eq!(span(1_999_999_600), "2000.0");
        assert_eq!(span(500), "0.001");
        assert_eq!(span(u64::MAX), "18446744073709.55");
        assert_eq!((span(50_113_500), span(2_500)), ("50.114".into(), "0.003".into()));
    }
}
