//! Whether the packets of a flow are delivered twice, or more often, which decides what a packet is whose headers leave
//! it open.
//!
//! A mirror port that duplicates delivers every packet of a flow twice, or every packet in one direction. A host
//! that is near retransmits some packets, equal to the originals, as soon. So what is open is set aside until the
//! flow shows which of the two it is, at the latest until it is reported. A mirror may begin to duplicate, or stop, while
//! the flow runs: see `repetition`. Where its interface delivers other packets once, only a flow of which most packets
//! come again is delivered twice.

use crate::types::volume::Volume;
use crate::view::interface_delivery::Habit;
use crate::view::noted_packet::NotedPacket;
use crate::view::repetition::{Repetition, Turning};
use crate::view::sightings::{Sightings, MOST_SIGHTINGS};
use crate::wire::Segment;

/// Packets of one side that show whether it is delivered twice.
const ENOUGH: u16 = 16;
/// A side with fewer packets than this is taken to be delivered twice only if its interface does that, or if nothing
/// shows how it delivers and the packets came again at once.
const FEW: u16 = 4;
/// After this many packets in a row that do not advance the connection, those of the other side show how a side is
/// delivered.
const MOST_IDLE: u8 = 8;
/// Packets count as sent again once no others have come again for so long.
const SILENCE_NS: u64 = 100_000_000;
/// Payload of a packet that advances the connection, at least, by which earlier packets are judged.
const LEAST_PAYLOAD: u64 = 64;

/// What a packet is by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occurrence {
    /// Not seen within the window.
    First,
    /// Either a duplicate or a retransmission.
    Repeated {
        /// How long after the first delivery.
        delay: Delay,
        /// How often it was repeated before.
        repeats: u8,
    },
    /// Delivered again.
    Duplicate {
        /// How often it was repeated before.
        repeats: u8,
    },
}

/// How long after its first delivery a packet came again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Delay {
    /// Sooner than a host retransmits.
    #[default]
    AtOnce,
    /// Sooner than most hosts do.
    Soon,
    /// So late that it may well be a retransmission.
    Late,
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
    /// When the latest packet was set aside.
    aside_ns: u64,
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
    /// Packets that advance the connection.
    advancing: Sightings,
    /// Acknowledgements and resets alone.
    bare: Sightings,
    repetition: Repetition,
    /// Packets in a row that did not advance the connection.
    idle: u8,
    /// How late that part of what is set aside came that came last.
    latest: Delay,
    /// What was set aside until it is clear how this side is delivered: packets seen for the second time and so on.
    aside: [Aside; MOST_SIGHTINGS - 1],
}

/// Packets that were set aside.
#[derive(Clone, Copy, Debug, Default)]
struct Aside {
    volume: Volume,
    payload: u64,
}

impl FlowDuplicates {
    /// Duplicates, which were not counted in the flow.
    pub fn packets(&self) -> u32 {
        self.repeats.as_ref().map_or(0, |repeats| repeats.packets)
    }

    /// Notes a packet that `side` sent, and says how it is treated. `sent` is what each side of the flow has sent
    /// before; `delivery` is how the interface delivers packets, and when it delivered this one.
    #[inline]
    pub fn note(
        &mut self,
        side: usize,
        occurrence: Occurrence,
        segment: &Segment<'_>,
        sent: &[Volume; 2],
        delivery: impl FnOnce() -> (Habit, u64),
    ) -> Treatment {
        match &mut self.repeats {
            None if occurrence == Occurrence::First => Treatment::Count,
            repeats => repeats.get_or_insert_with(|| Repeats::after(sent)).note(
                side,
                occurrence,
                NotedPacket::of(segment),
                delivery(),
            ),
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

    #[inline(never)]
    fn note(
        &mut self,
        side: usize,
        occurrence: Occurrence,
        noted: NotedPacket,
        (habit, time_ns): (Habit, u64),
    ) -> Treatment {
        let advances = noted.advances;
        let sighting = match occurrence {
            Occurrence::First => 1,
            Occurrence::Repeated { repeats, .. } | Occurrence::Duplicate { repeats } => {
                usize::from(repeats) + 2
            }
        };
        let was_twice = self.sides[side].repetition.is_twice();
        self.sides[side].note(advances, sighting, habit);
        let showing = self.showing(side);
        if was_twice && !self.sides[side].repetition.is_twice() {
            self.stop(side, habit);
        }
        match occurrence {
            Occurrence::First => {}
            Occurrence::Duplicate { .. } => self.add_found(noted.volume.packets as u32),
            Occurrence::Repeated { delay, .. } => {
                self.sides[side].set_aside(sighting, noted, delay);
                self.aside_ns = time_ns;
                if !advances {
                    [side, showing].iter().for_each(|one| self.sides[*one].repetition.suggest());
                }
            }
        }
        for one in [0, 1] {
            match self.copies(one, habit, time_ns) {
                Some(1) => self.resolve(one, 1),
                // Whether packets are delivered more than twice is known later.
                Some(_) => self.skip_second(one),
                None => {}
            }
        }
        match occurrence {
            Occurrence::First => Treatment::Count,
            _ => Treatment::Skip(std::mem::take(&mut self.settled.duplicates)),
        }
    }

    /// How often each packet of a side was delivered until now, if nothing that may follow changes it.
    fn copies(&self, side: usize, habit: Habit, time_ns: u64) -> Option<usize> {
        if !self.sides[side].has_aside() {
            return None;
        }
        let (bare, shown) = (&self.sides[side].bare, &self.sides[self.showing(side)]);
        if !self.sides[side].shows() {
            if bare.firsts() >= ENOUGH && bare.is_most_again() {
                return Some(self.copies_of_bare(side));
            } else if bare.firsts() < ENOUGH || bare.is_half_again() {
                return None;
            }
        }
        if !shown.repetition.is_clear() {
            None
        } else if shown.repetition.is_twice() {
            // Elsewhere, a host may have sent a part of the flow again.
            (habit == Habit::Twice || shown.is_most_again()).then(|| shown.advancing.copies(shown.is_late()))
        } else {
            // A mirror that delivers packets again late delivers those of the beginning first.
            let is_over = time_ns.abs_diff(self.aside_ns) > SILENCE_NS;
            (is_over && shown.advancing.firsts() >= ENOUGH).then_some(1)
        }
    }

    /// How often each packet of a side was delivered, as far as is known if no packet follows.
    fn copies_at_end(&self, side: usize, habit: Habit) -> usize {
        let (own, shown) = (&self.sides[side], &self.sides[self.showing(side)]);
        let is_likely = match habit {
            Habit::Twice => true,
            Habit::Unknown | Habit::Seldom => !own.is_late(),
            Habit::Once => false,
        };
        let bare = &own.bare;
        let is_enough = bare.firsts() >= ENOUGH || bare.firsts() >= FEW && is_likely;
        if !own.shows() && is_enough && bare.is_most_again() {
            return self.copies_of_bare(side);
        }
        let again = &shown.advancing;
        let is_twice = match again.firsts() {
            ENOUGH.. if habit == Habit::Twice => shown.repetition.is_twice_at_end(),
            // Elsewhere, a host may have sent the end of the flow again.
            ENOUGH.. => {
                let is_soon = own.latest.max(shown.latest) == Delay::AtOnce || again.is_half_again();
                shown.repetition.is_twice_at_end() && (is_likely && is_soon || shown.is_most_again())
            }
            FEW.. => again.is_half_again() && (is_likely || shown.is_most_again()),
            _ => again.is_half_again() && is_likely && habit != Habit::Seldom,
        };
        if is_twice {
            again.copies(own.is_late())
        } else {
            1
        }
    }

    /// How often acknowledgements of a side that sends them alone are delivered. A host may repeat each of them, so
    /// data of the other side shows it better.
    fn copies_of_bare(&self, side: usize) -> usize {
        let (own, shown) = (&self.sides[side], &self.sides[self.showing(side)]);
        if shown.advancing.is_half_again() {
            shown.advancing.copies(own.is_late())
        } else {
            own.bare.copies(own.is_late())
        }
    }

    /// Decides about what was set aside of a side, whose packets were delivered so often.
    fn resolve(&mut self, side: usize, copies: usize) {
        let aside = std::mem::take(&mut self.sides[side].aside);
        self.sides[side].latest = Delay::default();
        for (sighting, aside) in (2..).zip(aside) {
            // What comes after all deliveries of a packet was sent again.
            if (sighting - 1) % copies == 0 {
                self.settled.own[side].add(aside.volume);
                self.settled.own_payload += aside.payload;
            } else {
                self.add_found(u32::try_from(aside.volume.packets).unwrap_or(u32::MAX));
            }
        }
    }

    /// Packets of a side that were seen for the second time are duplicates.
    fn skip_second(&mut self, side: usize) {
        let second = std::mem::take(&mut self.sides[side].aside[0]);
        self.add_found(u32::try_from(second.volume.packets).unwrap_or(u32::MAX));
    }

    /// Decides about what was set aside, because packets of a side are not delivered twice any more.
    fn stop(&mut self, side: usize, habit: Habit) {
        if habit != Habit::Twice && !self.sides[side].is_most_again() {
            return;
        }
        let copies = self.sides[side].advancing.copies(self.sides[side].is_late());
        for one in [0, 1] {
            if self.showing(one) == side {
                // What was seen for the second time is open again: a host may have sent it again since.
                let second = std::mem::take(&mut self.sides[one].aside[0]);
                self.resolve(one, copies);
                self.sides[one].aside[0] = second;
            }
        }
    }

    fn add_found(&mut self, packets: u32) {
        self.settled.duplicates = self.settled.duplicates.saturating_add(packets);
        self.packets = self.packets.saturating_add(packets);
    }

    /// The side that shows how the packets of `side` are delivered: the other one, if it sends acknowledgements alone.
    fn showing(&self, side: usize) -> usize {
        let other = 1 - side;
        if !self.sides[side].shows() && self.sides[other].shows() {
            other
        } else {
            side
        }
    }

    fn settle(&mut self, habit: Habit) -> Settled {
        for side in [0, 1] {
            self.resolve(side, self.copies_at_end(side, habit));
        }
        std::mem::take(&mut self.settled)
    }
}

impl Side {
    /// One of which each packet was delivered once so far.
    fn after(sent: Volume) -> Self {
        let advancing = sent.packets.min(sent.least_payload() / LEAST_PAYLOAD);
        Self {
            advancing: Sightings::once(sent.packets),
            bare: Sightings::once(sent.packets - advancing),
            idle: if advancing * 2 < sent.packets { MOST_IDLE } else { 0 },
            ..Self::default()
        }
    }

    /// Notes a packet that is seen for the first, second or later time.
    fn note(&mut self, advances: bool, sighting: usize, habit: Habit) {
        if !advances {
            self.bare.note(sighting);
            self.idle = self.idle.saturating_add(1);
            return;
        }
        self.idle = 0;
        self.advancing.note(sighting);
        // A packet that is seen more often was delivered more than twice, or sent again: both leave open what others are.
        if sighting <= 2 {
            let turning = if habit == Habit::Twice { Turning::Quick } else { Turning::Slow };
            self.repetition.note(sighting == 1, turning);
        }
    }

    fn set_aside(&mut self, sighting: usize, noted: NotedPacket, delay: Delay) {
        let aside = &mut self.aside[sighting.min(MOST_SIGHTINGS) - 2];
        aside.volume.add(noted.volume);
        aside.payload += noted.payload;
        self.latest = self.latest.max(delay);
    }

    /// A part of what is set aside came late.
    fn is_late(&self) -> bool {
        self.latest == Delay::Late
    }

    /// True if something was set aside.
    fn has_aside(&self) -> bool {
        self.aside.iter().any(|aside| aside.volume.packets > 0)
    }

    /// True if most of its packets were delivered again soon, which no host does.
    fn is_most_again(&self) -> bool {
        self.advancing.is_most_again() && !self.is_late()
    }

    /// True if its packets show how it is delivered.
    fn shows(&self) -> bool {
        self.idle < MOST_IDLE && self.advancing.firsts() > 0
    }
}
