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

    /// At least one packet in so many was delivered again.
    pub fn is_share(self, one_in: u16) -> bool {
        self.again > 0 && u32::from(self.again) * u32::from(one_in) >= u32::from(self.firsts)
    }
}
