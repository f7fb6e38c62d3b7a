//! Round trips of handshakes as seen at the sensor: SYN to SYN-ACK, and a QUIC client's first Initial to the
//! server's first answer. What is measured lies between sensor and server, in both directions.
//!
//! A firewall may answer a SYN in the server's name, and a load balancer may send a Retry. So the first answer with
//! data is timed as well: from a TCP client's first data to the server's first data that acknowledges it, and in QUIC
//! to a first answer that is no Retry. The server's delay only makes it longer.
//!
//! A round trip is used as an upper bound of the distance to a server, so one that may be too small is
//! discarded: the opening packet was retransmitted, the clock was set back or is coarse, or two clocks were
//! involved.

use crate::types::arrival::Arrival;
use crate::types::ends::Ends;
use crate::types::interception::Interception;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::view::interception_detector::InterceptionDetector;
use crate::view::timing_stage::TimingStage;
use crate::wire::flags;
use crate::wire::quic::{first_header, ConnectionId, PacketType};

/// An opening packet that arrives again within this time is a duplicate made by the mirror port, or the rest of
/// a flight; later it was retransmitted (RFC 6298, 2: after a second; RFC 9002, 6.2: hundreds of milliseconds).
const ONE_FLIGHT_NS: u64 = 10_000_000;
/// A packet this much older than the one before, on the same interface: the clock was set back.
const STEP_NS: u64 = 1_000_000;
/// A clock whose times are all multiples of one of these is too coarse: that of a kernel that ticks 100 or 250
/// times a second, or of a file with whole seconds.
const COARSE_TICKS_NS: [u64; 2] = [2_000_000, 5_000_000];
const SECOND_NS: u64 = 1_000_000_000;
/// Number of interfaces whose latest time is kept; further ones share a place, which only costs measurements.
const INTERFACES: usize = 8;

/// How far a flow's handshake has come, and its round trips once they are measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake(State);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Nothing seen.
    #[default]
    None,
    /// Opened by `side`; the answer carries `token`.
    Opened {
        /// Time of the opening packet.
        time_ns: u64,
        /// TCP: the acknowledgement number expected; QUIC: of the client's connection ID.
        token: u32,
        /// The side that opened.
        side: u8,
        /// The clock that measured the time.
        clock: u8,
        /// Times that a clock had been set back.
        era: u8,
    },
    /// The opening packet was retransmitted: it is not known which one was answered.
    Ambiguous,
    /// Answered or too late, and not measured.
    Unmeasured,
    /// The round trip of the opening; the client's first data are awaited.
    Measured(u64),
    /// The client has sent its first data.
    Sent {
        /// When it did.
        time_ns: u64,
        /// The round trip of the opening.
        rtt_ns: u32,
        /// The clock that measured the time.
        clock: u8,
        /// Times that a clock had been set back.
        era: u8,
    },
    /// The round trip of the opening; that of the data is not measured.
    OpeningOnly(u64),
    /// Both round trips.
    Both { rtt_ns: u32, answer_ns: u32 },
}

impl Handshake {
    /// Round trip of the opening, between sensor and server; None if it was not measured.
    pub fn rtt_ns(&self) -> Option<u64> {
        match self.0 {
            State::Measured(rtt_ns) | State::OpeningOnly(rtt_ns) => Some(rtt_ns),
            State::Sent { rtt_ns, .. } | State::Both { rtt_ns, .. } => Some(u64::from(rtt_ns)),
            _ => None,
        }
    }

    /// Round trip of the first data; None if it was not measured, or that of the opening was not.
    pub fn answer_rtt_ns(&self) -> Option<u64> {
        match self.0 {
            State::Both { answer_ns, .. } => Some(u64::from(answer_ns)),
            _ => None,
        }
    }

    /// How far the measurement has come.
    pub fn stage(&self) -> TimingStage {
        match self.0 {
            State::None => TimingStage::Waiting,
            State::Opened { .. } => TimingStage::Opened,
            State::Measured(_) => TimingStage::Measured,
            State::Sent { .. } => TimingStage::Sent,
            State::Both { .. } => TimingStage::Both,
            State::Ambiguous | State::Unmeasured | State::OpeningOnly(_) => TimingStage::Untimed,
        }
    }

    /// The state of a flow that goes on where this one ended: nothing is awaited any more.
    pub fn to_be_continued(self) -> Self {
        Self(match self.0 {
            State::Measured(rtt_ns) => State::OpeningOnly(rtt_ns),
            State::Sent { rtt_ns, .. } => State::OpeningOnly(u64::from(rtt_ns)),
            State::None | State::Opened { .. } | State::Ambiguous => State::Unmeasured,
            known => known,
        })
    }

    /// Data may still be timed.
    #[inline]
    pub fn awaits_data(&self) -> bool {
        matches!(self.0, State::Measured(_) | State::Sent { .. })
    }

    #[inline]
    fn is_awaited(&self) -> bool {
        matches!(self.0, State::None | State::Opened { .. })
    }
}

impl State {
    /// The end of the measurements: both round trips, if both are known and shorter than four seconds.
    fn timed(rtt_ns: u64, answer_ns: Option<u64>) -> Self {
        match (u32::try_from(rtt_ns), answer_ns.map(u32::try_from)) {
            (Ok(rtt_ns), Some(Ok(answer_ns))) => Self::Both { rtt_ns, answer_ns },
            _ => Self::OpeningOnly(rtt_ns),
        }
    }
}

/// A packet of a flow whose handshake is timed.
#[derive(Clone, Copy)]
pub struct TimedPacket<'a> {
    /// Both ends of the flow.
    pub ends: &'a Ends,
    /// The side that sent the packet.
    pub side: usize,
    /// When and where it was captured.
    pub arrival: Arrival,
}

/// Measures round trips, and watches whether they are plausible.
pub struct HandshakeTimer {
    /// All packets are timed by one clock, whatever their interface.
    one_clock: bool,
    latest_ns: [u64; INTERFACES],
    era: u8,
    tick_ns: u64,
    detector: InterceptionDetector,
}

impl HandshakeTimer {
    /// `one_clock`: live, the kernel times every interface; a file may be merged from the captures of several
    /// hosts.
    pub fn new(one_clock: bool) -> Self {
        Self {
            one_clock,
            latest_ns: [0; INTERFACES],
            era: 0,
            tick_ns: SECOND_NS,
            detector: InterceptionDetector::default(),
        }
    }

    /// Notes a packet's time.
    #[inline]
    pub fn observe(&mut self, arrival: Arrival) {
        let latest_ns = &mut self.latest_ns[usize::from(arrival.interface) % INTERFACES];
        if arrival.time_ns.saturating_add(STEP_NS) < *latest_ns {
            self.era = self.era.wrapping_add(1);
        }
        *latest_ns = arrival.time_ns;
    }

    /// What is being measured now is not measured: a clock was set.
    pub fn distrust_clocks(&mut self) {
        self.era = self.era.wrapping_add(1);
    }

    /// Times the handshake of a TCP connection by a segment.
    #[inline]
    pub fn time_segment(&mut self, handshake: &mut Handshake, packet: TimedPacket<'_>, header: TcpHeader) {
        if header.flags & flags::SYN == 0 {
            return;
        }
        if header.flags & flags::ACK == 0 {
            self.open(handshake, packet, header.seq.wrapping_add(1));
        } else {
            self.answer(handshake, packet, header.ack);
        }
    }

    /// Times the answer to the client's first data by a segment with data, after a timed handshake.
    ///
    /// `first_byte` is the sequence number of the client's first byte, as far as it is known.
    #[inline]
    pub fn time_data(
        &mut self,
        handshake: &mut Handshake,
        packet: TimedPacket<'_>,
        header: TcpHeader,
        first_byte: Option<u32>,
    ) {
        if handshake.awaits_data() {
            if let Some(first_byte) = first_byte {
                self.time_first_data(handshake, packet, header, first_byte);
            }
        }
    }

    #[cold]
    fn time_first_data(
        &mut self,
        handshake: &mut Handshake,
        packet: TimedPacket<'_>,
        header: TcpHeader,
        first_byte: u32,
    ) {
        let TimedPacket { ends, side, arrival } = packet;
        let by_client = side == ends.client_side();
        let is_first = header.first_byte() == first_byte;
        handshake.0 = match handshake.0 {
            State::Measured(rtt_ns) if by_client => match u32::try_from(rtt_ns) {
                Ok(rtt_ns) if is_first => State::Sent {
                    time_ns: arrival.time_ns,
                    rtt_ns,
                    clock: self.clock_of(arrival),
                    era: self.era,
                },
                _ => State::OpeningOnly(rtt_ns),
            },
            State::Sent { time_ns, rtt_ns, .. }
                if by_client && is_first && arrival.time_ns.saturating_sub(time_ns) > ONE_FLIGHT_NS =>
            {
                State::OpeningOnly(u64::from(rtt_ns))
            }
            // Data that does not acknowledge the client's was sent before that arrived.
            State::Sent { time_ns, rtt_ns, clock, era }
                if !by_client && (header.ack.wrapping_sub(first_byte) as i32) > 0 =>
            {
                State::timed(u64::from(rtt_ns), self.elapsed_ns(time_ns, clock, era, arrival))
            }
            state => state,
        };
    }

    /// Times the handshake of QUIC by a datagram: the flow begins with a client's Initial, and the first long header
    /// that comes back to that client answers it (RFC 9000, 7.2).
    ///
    /// `peer` is the state of the other side's opening, and `is_first` is true for the flow's first packet.
    #[inline]
    pub fn time_datagram(
        &mut self,
        handshake: &mut Handshake,
        packet: TimedPacket<'_>,
        datagram: &[u8],
        peer: OpeningState,
        is_first: bool,
    ) {
        let is_long = matches!(datagram, [0x80..=0xff, ..]);
        let is_negotiation = matches!(datagram, [_, 0, 0, 0, 0, ..]);
        if is_long && !is_negotiation && handshake.is_awaited() {
            self.time_long_header(handshake, packet, datagram, peer, is_first);
        }
    }

    #[cold]
    fn time_long_header(
        &mut self,
        handshake: &mut Handshake,
        packet: TimedPacket<'_>,
        datagram: &[u8],
        peer: OpeningState,
        is_first: bool,
    ) {
        let Some(header) = first_header(datagram) else { return };
        match handshake.0 {
            State::Opened { side: opener, .. } if usize::from(opener) != packet.side => {
                // Only a client's Initial can be decrypted with a client's keys, so the peer is the client.
                if matches!(peer, OpeningState::Hello | OpeningState::Collecting) {
                    self.answer(handshake, packet, token(header.destination));
                    let answer_ns = handshake.rtt_ns().filter(|_| header.kind != PacketType::Retry);
                    if let Some(rtt_ns) = handshake.rtt_ns() {
                        handshake.0 = State::timed(rtt_ns, answer_ns);
                    }
                } else {
                    handshake.0 = State::Unmeasured;
                }
            }
            State::None if !is_first => handshake.0 = State::Unmeasured,
            _ if header.kind == PacketType::Initial => self.open(handshake, packet, token(header.source)),
            _ => {}
        }
    }

    /// A side opens a connection and expects an answer that carries `token`.
    fn open(&mut self, handshake: &mut Handshake, packet: TimedPacket<'_>, token: u32) {
        let TimedPacket { side, arrival, .. } = packet;
        self.refine_tick(arrival.time_ns);
        handshake.0 = match handshake.0 {
            State::None => State::Opened {
                time_ns: arrival.time_ns,
                token,
                side: side as u8,
                clock: self.clock_of(arrival),
                era: self.era,
            },
            State::Opened { time_ns, token: same, .. }
                if same == token && arrival.time_ns.saturating_sub(time_ns) <= ONE_FLIGHT_NS =>
            {
                handshake.0
            }
            State::Opened { .. } | State::Ambiguous => State::Ambiguous,
            state => state,
        };
    }

    /// A side answers: the round trip is known, unless it must not be measured.
    fn answer(&mut self, handshake: &mut Handshake, packet: TimedPacket<'_>, token: u32) {
        let TimedPacket { ends, side, arrival } = packet;
        self.refine_tick(arrival.time_ns);
        let state = handshake.0;
        if handshake.is_awaited() || matches!(state, State::Ambiguous) {
            handshake.0 = State::Unmeasured;
        }
        let State::Opened { time_ns, token: expected, side: opener, clock, era } = state else { return };
        if token != expected || side == usize::from(opener) {
            return;
        }
        let Some(rtt_ns) = self.elapsed_ns(time_ns, clock, era, arrival) else { return };
        handshake.0 = State::Measured(rtt_ns);
        let (address, port) = ends.end(side);
        let server = if side == ends.client_side() { address } else { ends.destination() };
        self.detector.add(server, port, ends.is_tcp(), rtt_ns, arrival.time_ns);
    }

    /// The time since a packet; None if it must not be measured.
    fn elapsed_ns(&self, time_ns: u64, clock: u8, era: u8, arrival: Arrival) -> Option<u64> {
        let is_one_clock = clock == self.clock_of(arrival) && era == self.era;
        let elapsed_ns = arrival.time_ns.saturating_sub(time_ns);
        (is_one_clock && !self.is_coarse() && elapsed_ns > 0).then_some(elapsed_ns)
    }

    /// Evaluates whether a middlebox answers.
    pub fn evaluate(&mut self, now_ns: u64) {
        self.detector.evaluate(now_ns);
    }

    /// Whether a middlebox seems to answer, as of the last evaluation.
    pub fn interception(&self) -> Interception {
        self.detector.interception()
    }

    fn clock_of(&self, arrival: Arrival) -> u8 {
        if self.one_clock {
            0
        } else {
            arrival.interface as u8
        }
    }

    fn is_coarse(&self) -> bool {
        COARSE_TICKS_NS.iter().any(|tick_ns| self.tick_ns % tick_ns == 0)
    }

    /// The coarsest tick of which all times of handshakes so far are multiples.
    fn refine_tick(&mut self, time_ns: u64) {
        let (mut a, mut b) = (self.tick_ns, time_ns % SECOND_NS);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        self.tick_ns = a;
    }
}

/// A connection ID as a number (FNV-1a), which is enough to recognise the answer to a client.
fn token(id: ConnectionId) -> u32 {
    id.as_slice().iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
