//! Numbers in the byte order of the host that wrote them.

/// Byte order of a section.
#[derive(Clone, Copy, Debug)]
pub(super) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// The number at `at`; zero if `bytes` is too short. Callers check lengths where they use the value.
    #[inline]
    pub(super) fn u32_or_zero(self, bytes: &[u8], at: usize) -> u32 {
        match bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(b) => match self {
                Self::Big => u32::from_be_bytes(*b),
                Self::Little => u32::from_le_bytes(*b),
            },
            None => 0,
        }
    }

    /// As `u32_or_zero`.
    #[inline]
    pub(super) fn u16_or_zero(self, bytes: &[u8], at: usize) -> u16 {
        match bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(b) => match self {
                Self::Big => u16::from_be_bytes(*b),
                Self::Little => u16::from_le_bytes(*b),
            },
            None => 0,
        }
    }

    /// As `u32_or_zero`.
    pub(super) fn u64_or_zero(self, bytes: &[u8], at: usize) -> u64 {
        match bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(b) => match self {
                Self::Big => u64::from_be_bytes(*b),
                Self::Little => u64::from_le_bytes(*b),
            },
            None => 0,
        }
    }
}
