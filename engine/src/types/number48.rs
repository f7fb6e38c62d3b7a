//! A number of six bytes, for what is counted and will never reach eight.

/// At most 2^48 - 1, which stands for all greater numbers: at a million a second, it takes nine years to get there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Number48([u16; 3]);

impl From<u64> for Number48 {
    #[inline]
    fn from(number: u64) -> Self {
        let least = number.min((1 << 48) - 1);
        Self([least as u16, (least >> 16) as u16, (least >> 32) as u16])
    }
}

impl From<Number48> for u64 {
    #[inline]
    fn from(Number48([low, middle, high]): Number48) -> Self {
        Self::from(low) | Self::from(middle) << 16 | Self::from(high) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_as_they_are_up_to_the_greatest() {
        for number in [0, 1, 0xffff, 0x1_0000, 0xffff_ffff, 0x1234_5678_9abc, (1 << 48) - 1] {
            assert_eq!(u64::from(Number48::from(number)), number);
        }
        assert_eq!(u64::from(Number48::from(u64::MAX)), (1 << 48) - 1);
        assert_eq!(size_of::<[Number48; 2]>(), 12);
    }
}
