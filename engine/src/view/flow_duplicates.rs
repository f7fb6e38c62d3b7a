//! Whether the packets of a flow are delivered twice, which decides what a packet is whose headers leave it open.
//!
//! A mirror port that duplicates delivers every packet of a flow twice, or every packet in one direction. A host
//! that is near retransmits some packets, equal to the originals, as soon. So what is open is set aside until the
//! flow shows which of the two it is, at the latest until it is reported.

use crate::types::volume::Volume;
use crate::view::delivery::Delivery;
use crate::wire::{flags, Segment, Transport};

/// Packets of one side that show whether it is delivered twice.
const ENOUGH: u16 = 16;
/// A side with fewer packets than this is taken to be delivered twice only if its interface may do that.
const FEW: u16 = 4;

/// What a packet is by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occurrence {
    /// Not seen within the window.
    First,
    /// Either a duplicate or a retransmission.
    Repeated {
        /// It counts unless the flow is known to be delivered twice.
        is_late: bool,
        /// How often it was repeated before.
        repeats: u8,
    },
    /// Seen before.
    Duplicate,
}

/// What is done with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// It counts.
    Count,
    /// It is a duplicate.
    Skip,
    /// It repeats what has been read, so it is set aside until the flow shows whether it counts.
    SetAside,
}

/// The duplicates of one flow's packets.
#[derive(Debug, Default)]
pub struct FlowDuplicates {
    /// None while no packet was delivered again.
    repeats: Option<Box<Repeats>>,
}

#[derive(Debug, Default)]
struct Repeats {
    /// Duplicates, which were not counted in the flow.
    packets: u32,
    sides: [Delivery; 2],
    has_aside: bool,
    /// What was set aside, by side.
    aside: [Volume; 2],
}

impl FlowDuplicates {
    /// Duplicates, which were not counted in the flow.
    pub fn packets(&self) -> u32 {
        self.repeats.as_ref().map_or(0, |repeats| repeats.packets)
    }

    /// Notes a packet that `side` sent, and says how it is treated. `sent` is what each side of the flow has sent
    /// before.
    #[inline]
    pub fn note(
        &mut self,
        side: usize,
        occurrence: Occurrence,
        segment: &Segment<'_>,
        sent: &[Volume; 2],
    ) -> Treatment {
        match &mut self.repeats {
            None if occurrence == Occurrence::First => Treatment::Count,
            repeats => repeats.get_or_insert_with(|| Repeats::after(sent)).note(side, occurrence, segment),
        }
    }

    /// Decides about what was set aside: returns what each side has sent itself, which counts, and the number of
    /// duplicates. `may_duplicate` tells whether the interface may deliver packets twice.
    pub fn settle(&mut self, may_duplicate: bool) -> Option<([Volume; 2], u64)> {
        self.repeats.as_mut().filter(|repeats| repeats.has_aside).map(|repeats| repeats.settle(may_duplicate))
    }
}

impl Repeats {
    /// Those of a flow of which each packet was delivered once so far.
    #[cold]
    fn after(sent: &[Volume; 2]) -> Box<Self> {
        Box::new(Self { sides: sent.map(|volume| Delivery::once(volume.packets)), ..Self::default() })
    }

    fn note(&mut self, side: usize, occurrence: Occurrence, segment: &Segment<'_>) -> Treatment {
        let is_twice = self.is_twice(side);
        let is_shown = self.sides[side].firsts() >= ENOUGH;
        let is_own = match occurrence {
            Occurrence::First => true,
            Occurrence::Duplicate => false,
            // A packet that was retransmitted is delivered twice as often as any other.
            Occurrence::Repeated { is_late, repeats } => {
                ((is_late || is_shown) && !is_twice) || repeats + 1 == self.copies(side)
            }
        };
        if advances(segment) {
            self.sides[side].note(is_own);
        }
        if is_own {
            return Treatment::Count;
        }
        if occurrence == Occurrence::Duplicate || (is_shown && is_twice) {
            self.packets = self.packets.saturating_add(segment.ip_packets);
            return Treatment::Skip;
        }
        self.has_aside = true;
        self.aside[side].add(Volume::of(segment));
        Treatment::SetAside
    }

    /// How often each packet of a side is delivered, if any is delivered again.
    fn copies(&self, side: usize) -> u8 {
        self.showing(side).copies().max(2)
    }

    /// True if the packets of a side are delivered twice.
    fn is_twice(&self, side: usize) -> bool {
        self.showing(side).is_twice()
    }

    /// What shows how the packets of a side are delivered: those of the other one, if it sends acknowledgements alone.
    fn showing(&self, side: usize) -> Delivery {
        let delivery = self.sides[side];
        if delivery.firsts() > 0 {
            delivery
        } else {
            self.sides[1 - side]
        }
    }

    fn settle(&mut self, may_duplicate: bool) -> ([Volume; 2], u64) {
        let (mut own, mut found) = (std::mem::take(&mut self.aside), 0);
        self.has_aside = false;
        for side in [0, 1] {
            let is_shown = may_duplicate || self.sides[side].firsts() >= FEW;
            if is_shown && self.is_twice(side) {
                found += std::mem::take(&mut own[side]).packets;
            }
        }
        self.packets = self.packets.saturating_add(u32::try_from(found).unwrap_or(u32::MAX));
        (own, found)
    }
}

/// False for a segment that an honest host repeats at once, without any difference between the two.
#[inline]
fn advances(segment: &Segment<'_>) -> bool {
    match segment.transport {
        Transport::Tcp { flags, .. } => segment.payload_len > 0 || flags & (flags::SYN | flags::FIN) != 0,
        Transport::Udp => true,
    }
}
