//! Whether the packets of a flow are delivered twice, which decides what a packet is whose headers leave it open.
//!
//! A mirror port that duplicates delivers every packet of a flow twice, or every packet in one direction. A host
//! that is near retransmits some packets, equal to the originals, as soon. So what is open is set aside until the
//! flow shows which of the two it is, at the latest until it is reported. A mirror may begin to duplicate, or stop, while
//! the flow runs: see `repetition`.

use crate::types::volume::Volume;
use crate::view::delivery::Delivery;
use crate::view::interface_delivery::Habit;
use crate::view::repetition::Repetition;
use crate::wire::{flags, Segment, Transport};

/// Packets of one side that show whether it is delivered twice.
const ENOUGH: u16 = 16;
/// A side with fewer packets than this is taken to be delivered twice only if its interface does that, or if nothing
/// shows how it delivers and the packets came again at once.
const FEW: u16 = 4;
/// After this many packets in a row that do not advance the connection, those of the other side show how a side is
/// delivered.
const MOST_IDLE: u8 = 8;
/// Payload of a packet that advances the connection, at least, by which earlier packets are judged.
const LEAST_PAYLOAD: u64 = 64;

/// What a packet is by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occurrence {
    /// Not seen within the window.
    First,
    /// Either a duplicate or a retransmission.
    Repeated {
        /// After how long.
        delay: Delay,
        /// How often it was repeated before.
        repeats: u8,
    },
    /// Seen before.
    Duplicate,
}

/// How long after the first one an equal packet arrives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Delay {
    /// Sooner than any host sends it again.
    #[default]
    None,
    /// As soon as a near host may send it again.
    Short,
    /// So late that it may well be a retransmission.
    Long,
}

/// What is done with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// It counts.
    Count,
    /// It repeats what has been read: it is a duplicate, or set aside until the flow shows whether it counts. So many
    /// packets are now known to be duplicates, this one and earlier ones.
    Skip(u32),
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
    sides: [Side; 2],
    settled: Settled,
}

/// What has been decided, and not reported yet.
#[derive(Debug, Default)]
pub struct Settled {
    /// What each side has sent itself, which counts.
    pub own: [Volume; 2],
    /// The payload in it.
    pub own_payload: u64,
    /// Duplicates.
    pub duplicates: u32,
}

/// How the packets of one side are delivered.
#[derive(Debug, Default)]
struct Side {
    delivery: Delivery,
    repetition: Repetition,
    /// Packets in a row that did not advance the connection.
    idle: u8,
    /// The longest delay of what is set aside.
    delay: Delay,
    /// What was set aside until this side shows how it is delivered, by sender.
    aside: [Volume; 2],
    /// The payload in it.
    aside_payload: u64,
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

    /// Decides about what was set aside, and returns what is decided. `habit`: how the interface delivers packets.
    pub fn settle(&mut self, habit: Habit) -> Option<Settled> {
        self.repeats.as_mut().map(|repeats| repeats.settle(habit))
    }
}

impl Repeats {
    /// Those of a flow of which each packet was delivered once so far.
    #[cold]
    fn after(sent: &[Volume; 2]) -> Box<Self> {
        Box::new(Self { sides: sent.map(Side::after), ..Self::default() })
    }

    fn note(&mut self, side: usize, occurrence: Occurrence, segment: &Segment<'_>) -> Treatment {
        let advances = advances(segment);
        self.sides[side].idle = if advances { 0 } else { self.sides[side].idle.saturating_add(1) };
        let showing = self.showing(side);
        let is_own = match occurrence {
            Occurrence::First => true,
            Occurrence::Duplicate => false,
            // A packet that was retransmitted is delivered twice as often as any other.
            Occurrence::Repeated { repeats, .. } => repeats + 1 == self.copies(side),
        };
        match occurrence {
            Occurrence::Duplicate => self.add_found(segment.ip_packets),
            _ if !is_own => {
                self.sides[showing].aside[side].add(Volume::of(segment));
                self.sides[showing].aside_payload += u64::from(segment.payload_len);
                if let Occurrence::Repeated { delay, .. } = occurrence {
                    self.sides[showing].delay = self.sides[showing].delay.max(delay);
                }
            }
            _ => {}
        }
        if advances {
            self.sides[side].delivery.note(is_own);
            self.sides[side].repetition.note(is_own);
        } else if !is_own {
            self.sides[showing].repetition.suggest();
        }
        if self.sides[showing].is_decided() {
            self.resolve(showing, self.sides[showing].repetition.is_twice());
        }
        match is_own {
            true => Treatment::Count,
            false => Treatment::Skip(std::mem::take(&mut self.settled.duplicates)),
        }
    }

    /// Decides about what was set aside until `showing` shows it.
    fn resolve(&mut self, showing: usize, is_twice: bool) {
        let payload = std::mem::take(&mut self.sides[showing].aside_payload);
        self.sides[showing].delay = Delay::None;
        self.settled.own_payload += if is_twice { 0 } else { payload };
        for side in [0, 1] {
            let aside = std::mem::take(&mut self.sides[showing].aside[side]);
            if is_twice {
                self.add_found(u32::try_from(aside.packets).unwrap_or(u32::MAX));
            } else {
                self.settled.own[side].add(aside);
            }
        }
    }

    fn add_found(&mut self, packets: u32) {
        self.settled.duplicates = self.settled.duplicates.saturating_add(packets);
        self.packets = self.packets.saturating_add(packets);
    }

    /// How often each packet of a side is delivered, if any is delivered again.
    fn copies(&self, side: usize) -> u8 {
        let side = if self.sides[side].delivery.firsts() > 0 { side } else { 1 - side };
        self.sides[side].delivery.copies().max(2)
    }

    /// The side that shows how the packets of `side` are delivered: the other one, if it sends acknowledgements alone.
    fn showing(&self, side: usize) -> usize {
        let other = 1 - side;
        let shows = |side: usize| self.sides[side].idle < MOST_IDLE && self.sides[side].delivery.firsts() > 0;
        if !shows(side) && shows(other) {
            other
        } else {
            side
        }
    }

    fn settle(&mut self, habit: Habit) -> Settled {
        for side in [0, 1] {
            self.resolve(side, self.sides[side].is_twice(habit));
        }
        std::mem::take(&mut self.settled)
    }
}

impl Side {
    /// One of which each packet was delivered once so far.
    fn after(sent: Volume) -> Self {
        let advancing = sent.packets.min(sent.least_payload() / LEAST_PAYLOAD);
        let idle = if advancing * 2 < sent.packets { MOST_IDLE } else { 0 };
        Self { delivery: Delivery::once(sent.packets), idle, ..Self::default() }
    }

    /// True if nothing that may follow changes what became of the packets until now.
    fn is_decided(&self) -> bool {
        self.repetition.is_clear() && (self.repetition.is_twice() || self.delivery.firsts() >= ENOUGH)
    }

    /// True if what is set aside was delivered twice, as far as is known. `habit`: how the interface delivers packets.
    fn is_twice(&self, habit: Habit) -> bool {
        let is_possible = match habit {
            Habit::Twice => true,
            Habit::Unknown => self.delay < Delay::Long,
            Habit::Once => self.delay == Delay::None,
        };
        match self.delivery.firsts() {
            ENOUGH.. => self.repetition.is_twice_at_end(),
            firsts => (is_possible || firsts >= FEW) && self.delivery.is_twice(),
        }
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
