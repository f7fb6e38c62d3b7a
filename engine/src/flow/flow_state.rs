//! One flow as the table keeps it.

use super::client_counts::CountMark;
use super::reporting::Reporting;
use super::traffic::Traffic;
use crate::capture::sifting::Dropped;
use crate::counters::tally::Tally;
use crate::naming::{Clues, Knowledge, NamingState};
use crate::opening::{find_first_payload, Opening, Reader, SharedHellos};
use crate::reassembly::stream_heads::{LostHead, StreamHeads};
use crate::resolution::{find_encrypted_dns, DnsPeer, FallbackQuery, LearnedNames, MessageKind};
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::contact::Contact;
use crate::types::ends::Ends;
use crate::types::flow_key::FlowKey;
use crate::types::number48::Number48;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::types::volume::Volume;
use crate::view::duplicates::{Duplicates, KnownFlow};
use crate::view::flow_view::FlowView;
use crate::view::side_realms::SideRealms;
use crate::view::unseen_data::Revealed;
use crate::wire::quic::may_be_short_header;
use crate::wire::{flags, Segment, Transport};

/// Packets within which a flow that looks like DNS must turn out to be DNS.
const MAX_POSSIBLE_PACKETS: u64 = 16;

/// A bidirectional flow. Each part has private fields, which only the module that defines it changes; the flow
/// passes one part to another where they depend on each other.
#[derive(Debug)]
pub struct Flow {
    /// Both ends.
    pub ends: Ends,
    /// Times and volume.
    pub traffic: Traffic,
    /// How the two sides open the conversation.
    pub opening: Opening,
    /// What the sensor could see of it.
    pub view: FlowView,
    /// The VLANs and overlay networks in which its sides send; beside the view, where they would need padding.
    pub realms: SideRealms,
    /// What hides its name.
    pub naming: NamingState,
    /// What has been decided and reported.
    pub reporting: Reporting,
    /// What the opening and DNS have disclosed; None if nothing.
    clues: Option<Box<Clues>>,
    id: Number48,
    first_packet: Number48,
    message_kind: Option<MessageKind>,
    /// How the table counts it.
    pub(super) counted: CountMark,
}

impl Flow {
    /// The flow with number `id`, which begins with a packet of `first_sender`. `message_kind` is the kind of DNS
    /// messages that its datagrams carry.
    pub fn new(
        key: FlowKey,
        first_sender: usize,
        id: u64,
        arrival: Arrival,
        message_kind: Option<MessageKind>,
    ) -> Self {
        Self {
            ends: Ends::new(key, first_sender),
            traffic: Traffic::new(arrival.time_ns),
            opening: Opening::default(),
            view: FlowView::default(),
            realms: SideRealms::default(),
            naming: NamingState::default(),
            reporting: Reporting::new(arrival.interface),
            clues: None,
            id: id.into(),
            first_packet: arrival.number.into(),
            message_kind,
            counted: CountMark::default(),
        }
    }

    /// Number of the flow, in order of first packets.
    pub fn id(&self) -> u64 {
        self.id.into()
    }

    /// Number of the flow with which its connection began.
    pub fn first_id(&self) -> u64 {
        self.continues().unwrap_or(self.id())
    }

    /// It shows something of its own: part of an opening, or DNS messages.
    pub fn has_disclosed(&self) -> bool {
        self.message_kind.is_some() || self.clues().is_some_and(|clues| !clues.disclosed.is_empty())
    }

    /// Number of the first packet in the capture file; 0 if it comes from no file.
    pub fn first_packet(&self) -> u64 {
        self.first_packet.into()
    }

    /// Capture interface of the first packet.
    pub fn interface(&self) -> u16 {
        self.reporting.interface()
    }

    /// The kind of DNS messages that its datagrams carry.
    #[inline]
    pub fn message_kind(&self) -> Option<MessageKind> {
        self.message_kind
    }

    /// Recognises DNS in the first payload of `side`, on whatever port.
    #[inline]
    pub fn recognise_messages(&mut self, side: usize, first: &Segment<'_>) {
        if self.message_kind.is_none() && self.opening.state(side) == OpeningState::Waiting {
            self.message_kind = MessageKind::of_stream(first);
        }
    }

    /// Counts a segment that `side` sent, if it only continues a connection of which everything is known that data and
    /// acknowledgements can show, and nothing before it is missing; or a QUIC packet with a short header that does. False
    /// for any other one, which changes nothing.
    #[inline(always)] // the path of almost every packet
    pub fn add_settled(&mut self, side: usize, segment: &Segment<'_>, time_ns: u64) -> bool {
        let is_settled = self.opening.is_settled()
            && match segment.transport {
                Transport::Tcp { seq, ack, flags } => {
                    let header = TcpHeader { seq, ack, flags };
                    header.is_plain() && self.view.unseen.follow_in_order(side, header, segment.payload_len)
                }
                Transport::Udp => may_be_short_header(segment.payload) && !self.naming.is_beside_rest(),
            };
        if is_settled {
            self.add(side, segment, time_ns);
        }
        is_settled
    }

    /// Counts a segment that `side` sent.
    #[inline(always)]
    pub fn add(&mut self, side: usize, segment: &Segment<'_>, time_ns: u64) {
        let is_first = self.traffic.sides()[side].packets == 0;
        self.realms.note(side, segment.realm, is_first);
        self.traffic.add(side, segment, time_ns);
        self.view.unseen.note_payload(segment.payload.len(), segment.payload_len);
    }

    /// Adds what a sieve has dropped of `side`, the latest of it at a time: plain data, of which nothing is known to be
    /// missing.
    pub fn add_dropped(&mut self, side: usize, dropped: &Dropped, last_ns: u64) {
        self.traffic.add_dropped(side, dropped, last_ns);
        if self.ends.is_tcp() {
            self.view.unseen.skip_to(side, dropped.next);
        }
    }

    /// Notes whether the next segments may show more than data.
    #[inline]
    pub fn note_settled(&mut self) {
        let is_awaited = self.message_kind.is_some() || self.view.handshake.awaits_data();
        self.opening.note_settled(!is_awaited);
    }

    /// Notes whether the next datagrams may show more than data; `is_other`: they may be messages of another protocol.
    #[inline]
    pub fn note_settled_quic(&mut self, is_other: bool) {
        self.opening.note_settled_quic(self.message_kind.is_none() && !is_other);
    }

    /// Notes whether datagrams that look like DNS turned out to be DNS. After a few packets they are none.
    pub fn note_possible_messages(&mut self, port: u16, is_dns: bool) {
        if is_dns {
            self.message_kind = Some(MessageKind::Dns(port));
        } else if self.traffic.packets() > MAX_POSSIBLE_PACKETS {
            self.message_kind = None;
        }
    }

    /// Notes what a stream that may carry DNS has turned out to carry.
    pub fn note_stream(&mut self, kind: Option<MessageKind>) {
        self.message_kind = kind;
    }

    /// The flow, of which this is known already.
    pub(super) fn with_clues(mut self, clues: Box<Clues>) -> Self {
        self.clues = Some(clues);
        self
    }

    /// Number of the flow with which its connection began, if that was another one.
    pub fn continues(&self) -> Option<u64> {
        self.clues()?.disclosed.continues()
    }

    /// True if a segment is the SYN of another connection than this one. The first segment of a side may be a late SYN from
    /// another interface: the other side has already acknowledged it then, or what follows it.
    #[inline]
    pub fn starts_new_connection(&self, side: usize, header: TcpHeader) -> bool {
        let unseen = &self.view.unseen;
        let is_acknowledged =
            || unseen.has_reached(side, header.first_byte()) || unseen.is_preceded_by(side, header);
        let is_late = || self.traffic.sides()[side].packets == 0 && is_acknowledged();
        self.opening.starts_new_connection(side, header) && !is_late()
    }

    /// True for a reset, a FIN or an answer to a SYN whose number is far from those of the connection, or for such an answer
    /// if it follows data: both hosts ignore it. What came in the server's name before it answered the SYN is no data.
    pub fn is_stray(&self, side: usize, header: TcpHeader) -> bool {
        let is_of_start = header.flags & (flags::RST | flags::FIN) == 0;
        let is_late = || is_of_start && self.view.unseen.is_ahead(side, header.seq);
        let is_answer = self.opening.is_first_answer(side, header);
        (self.opening.had_payload() || !is_of_start)
            && !is_answer
            && (self.view.unseen.is_far(side, header.seq) || is_late())
    }

    /// Follows the numbers of a segment that `side` sent, unless it is stray.
    #[inline]
    pub fn follow_numbers(
        &mut self,
        side: usize,
        header: TcpHeader,
        payload_len: u32,
        is_stray: bool,
    ) -> Revealed {
        if is_stray {
            return Revealed::default();
        }
        self.view.unseen.follow(side, header, payload_len)
    }

    /// The flow, to which stray segments belong that began one of its own.
    pub fn with_strays(mut self, strays: Self) -> Self {
        self.traffic.add_volumes(*strays.traffic.sides());
        self.view.duplicates = strays.view.duplicates;
        self.view.unseen.note_strays();
        (self.realms, self.reporting) = (strays.realms, strays.reporting);
        self
    }

    /// How far the two ends came in contact.
    pub fn contact(&self) -> Contact {
        let seen = self.traffic.sides().map(Volume::least_payload);
        let sent = [0, 1].map(|side| seen[side] + self.view.unseen.bytes_of(side));
        self.opening.contact(&self.ends, sent)
    }

    /// What the opening and DNS have disclosed; None if nothing.
    pub fn clues(&self) -> Option<&Clues> {
        self.clues.as_deref()
    }

    /// Everything from which the flow can be named.
    pub fn knowledge(&self) -> Knowledge<'_> {
        Knowledge {
            ends: &self.ends,
            opening: &self.opening,
            clues: self.clues(),
            state: self.naming,
            has_messages: self.message_kind.is_some_and(MessageKind::is_certain),
            is_cut: self.view.unseen.is_cut(),
        }
    }

    /// What shows whether the server is a resolver.
    pub fn dns_peer(&self) -> DnsPeer<'_> {
        let hello = self.clues().and_then(|clues| clues.disclosed.hello());
        DnsPeer {
            ends: &self.ends,
            states: self.opening.states(),
            hello: hello.map(|hello| hello.content()),
            server_name: self.knowledge().server_name(),
        }
    }

    /// Reads what `side` sends first with `read`, which returns true if a name may be known now.
    pub fn read_opening(
        &mut self,
        (slot, side): (u32, usize),
        heads: &mut StreamHeads,
        tally: &mut Tally,
        read: impl FnOnce(&mut Reader<'_>) -> bool,
    ) -> bool {
        // The reader works on what is disclosed so far; the box is allocated once there is something to keep.
        let known = self.clues.as_deref_mut().map(|clues| std::mem::take(&mut clues.disclosed));
        let disclosed = known.unwrap_or_default();
        let mut reader =
            Reader::new(&mut self.opening, &mut self.ends, disclosed, (slot, side), heads, tally);
        let named = read(&mut reader);
        let disclosed = reader.into_disclosed();
        if !disclosed.is_empty() {
            self.clues.get_or_insert_default().disclosed = disclosed;
        }
        named
    }

    /// Reads what is left of incomplete openings at the end of the flow.
    pub fn finish_opening(&mut self, slot: u32, heads: &mut StreamHeads, tally: &mut Tally) {
        for side in [0, 1] {
            if self.opening.state(side) == OpeningState::Collecting {
                self.read_opening((slot, side), heads, tally, |reader| reader.finish());
            }
        }
    }

    /// The stream head of a side was evicted: reads what it held.
    pub fn lose_head(&mut self, lost: &LostHead, heads: &mut StreamHeads, tally: &mut Tally) -> bool {
        self.opening.state(lost.side) == OpeningState::Collecting
            && self.read_opening((lost.flow, lost.side), heads, tally, |reader| reader.lose_head(lost))
    }

    /// Keeps the payload of a segment that `side` sent, if it is the side's first and a signature matches it;
    /// true if it is kept.
    #[inline(always)]
    pub fn keep_first_payload(&mut self, side: usize, segment: &Segment<'_>, matcher: &Matcher) -> bool {
        let sent = self.traffic.sides()[side].packets;
        let first = find_first_payload(&self.opening, &self.ends, (side, sent), segment, matcher);
        let Some(first) = first else { return false };
        let client = self.ends.client_side();
        self.clues.get_or_insert_default().disclosed.add_first_payload(first, client)
    }

    /// What shows whether its packets are duplicates.
    #[inline]
    pub fn known(&mut self) -> KnownFlow<'_> {
        let interface = self.interface();
        KnownFlow { duplicates: &mut self.view.duplicates, sent: self.traffic.sides(), interface }
    }

    /// Decides which packets of those that were set aside are duplicates, and counts the others.
    pub fn settle_duplicates(&mut self, duplicates: &Duplicates, tally: &mut Tally) {
        let interface = self.interface();
        let habit = duplicates.habit(interface, tally);
        if let Some(settled) = self.view.duplicates.settle(habit) {
            self.traffic.add_volumes(settled.own);
            let view = tally.view(interface);
            view.duplicate_packets += u64::from(settled.duplicates);
            view.tcp_bytes += if self.ends.is_tcp() { settled.own_payload } else { 0 };
        }
    }

    /// Notes the packet that has just disclosed something of the opening.
    pub fn note_disclosure(&mut self, arrival: Arrival) {
        if let Some(clues) = self.clues.as_deref_mut() {
            clues.disclosed.note_arrival(arrival);
        }
    }

    /// Evaluates a hello that has just been read: whether its name is encrypted, and whether other flows have an
    /// equal one, with which it then shares memory.
    pub fn evaluate_hello(&mut self, names: &LearnedNames, matcher: &Matcher, hellos: &mut SharedHellos) {
        let Some(clues) = self.clues.as_deref_mut() else { return };
        let began = (self.ends.client(), self.traffic.start_ns());
        self.naming.classify_ech(clues.disclosed.hello(), began, &clues.dns, names, matcher);
        clues.disclosed.share_hello(hellos);
    }

    /// Finds out where what the client sends arrives, and looks that up among the learned names, unless a look-up has
    /// shown the name already.
    pub fn look_up_names(&mut self, names: &LearnedNames, matcher: &Matcher) {
        let (client, (server, _)) = (self.ends.client(), self.ends.server_end());
        let start_ns = self.traffic.start_ns();
        self.ends.set_embedded(names.find_embedded(client, server, start_ns, matcher));
        // A connection that goes on is due to what was looked up before it began.
        let is_settled = |clues: &Clues| clues.disclosed.continues().is_some() || clues.dns.is_solicited();
        if self.clues().is_some_and(is_settled) {
            return;
        }
        match names.find_either(client, server, self.ends.embedded(), start_ns) {
            Some(found) => self.clues.get_or_insert_default().dns.set_names(found),
            None => self.naming.note_hidden_dns(names.clients.uses_encrypted_dns(client, start_ns)),
        }
    }

    /// Recognises encrypted DNS, and queries to fallback resolvers, in what has been seen of the flow, and remembers
    /// that its client uses them.
    pub fn recognise_dns(&mut self, names: &LearnedNames, matcher: &Matcher) {
        let encrypted = find_encrypted_dns(&self.dns_peer(), matcher);
        if encrypted.is_some() || self.clues.is_some() {
            let dns = &mut self.clues.get_or_insert_default().dns;
            dns.note_use(encrypted, &self.ends, self.traffic.last_ns(), names, matcher);
        }
    }

    /// True if the flow is reported because of the DNS that it carries, even if it matches no vendor.
    pub fn is_reported_for_dns(&self) -> bool {
        self.clues().is_some_and(|clues| clues.dns.is_reported())
    }

    /// Notes a query that the flow sent to a fallback resolver, if there was one.
    pub fn note_query(&mut self, query: Option<FallbackQuery>) {
        if let Some(query) = query {
            self.clues.get_or_insert_default().dns.note_query(query);
        }
    }
}
