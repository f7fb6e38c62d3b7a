//! How often packets were delivered again.

/// Numbers of packets that reach this are halved, so that the latest ones count.
const MAX_PACKETS: u16 = 1 << 10;

/// Packets that were delivered, and those that were delivered again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery {
    firsts: u16,
    again: u16,
}

impl Delivery {
    /// Packets none of which was delivered again.
    pub fn once(packets: u64) -> Self {
        Self { firsts: u16::try_from(packets).unwrap_or(u16::MAX).min(MAX_PACKETS / 2), again: 0 }
    }

    /// Counts a packet.
    #[inline]
    pub fn note(&mut self, is_first: bool) {
        let count = if is_first { &mut self.firsts } else { &mut self.again };
        *count += 1;
        if *count == MAX_PACKETS {
            self.firsts /= 2;
            self.again /= 2;
        }
    }

    /// Recent packets.
    #[inline]
    pub fn firsts(self) -> u16 {
        self.firsts
    }

    /// At least half of the packets were delivered again: a mirror port may lose some.
    pub fn is_twice(self) -> bool {
        self.is_share(2)
    }

    /// How often a packet is delivered, rounded.
    pub fn copies(self) -> u8 {
        let (firsts, all) = (u32::from(self.firsts), u32::from(self.firsts) + u32::from(self.again));
        u8::try_from((2 * all + firsts) / (2 * firsts).max(1)).unwrap_or(u8::MAX)
    }

    /// At least one packet in so many was delivered again.
    pub fn is_share(self, one_in: u16) -> bool {
        self.again > 0 && u32::from(self.again) * u32::from(one_in) >= u32::from(self.firsts)
    }
}
