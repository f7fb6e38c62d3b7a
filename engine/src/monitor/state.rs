//! The state of a monitor: settings, tables and counters, which the other files of this module work on.

use super::clocks::Clocks;
use super::held_packets::HeldPackets;
use super::pending_syns::PendingSyns;
use super::sieve_offers::Sieving;
use crate::counters::tally::Tally;
use crate::flow::{Flow, IdleMemory, Table};
use crate::kept::captured::Captured;
use crate::kept::fragment_packets::FragmentPackets;
use crate::kept::kept_packets::KeptPackets;
use crate::machines::Machines;
use crate::opening::SharedHellos;
use crate::reassembly::fragments::{Fragments, MAX_BYTES, MAX_PACKETS};
use crate::reassembly::stream_heads::StreamHeads;
use crate::report::flow_record::{FlowRecord, SensorView};
use crate::resolution::{CapturedMessage, DnsStreams, LearnedNames, PendingQueries};
use crate::settings::Settings;
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::flow_key::FlowKey;
use crate::view::duplicates::Duplicates;
use crate::view::handshake_timer::HandshakeTimer;
use crate::wire::{Segment, TunnelPorts};
use std::sync::Arc;

/// DNS answers without a query that show that queries are not mirrored.
const MIN_ANSWERS: u64 = 20;
/// Packets of an interface from which on the share of those that were not decoded says something.
const MIN_PACKETS: u64 = 10;
/// One of so many packets not decoded is a gap in the view (`THRESHOLDS` in netmon/quality.py has the same share).
const UNDECODED_SHARE: u64 = 20;

/// Follows the packets of one worker. Time is the packets' time.
pub struct Monitor {
    pub(super) settings: Settings,
    pub(super) ports: TunnelPorts,
    pub(super) matcher: Arc<Matcher>,
    pub(super) names: Arc<LearnedNames>,
    pub(super) table: Table,
    pub(super) duplicates: Duplicates,
    pub(super) heads: StreamHeads,
    pub(super) hellos: SharedHellos,
    pub(super) dns_streams: DnsStreams,
    pub(super) queries: PendingQueries,
    pub(super) fragments: Fragments,
    pub(super) timer: HandshakeTimer,
    pub(super) idle: IdleMemory,
    pub(super) pending: PendingSyns,
    pub(super) fragment_packets: FragmentPackets,
    pub(super) flow_ids: (u64, u64),
    pub(super) clocks: Clocks,
    pub(super) held: HeldPackets,
    /// Of several monitors that have one clock, one counts its steps.
    pub(super) counts_steps: bool,
    /// When flows are looked at next: at once while some of them are due, and otherwise once a second.
    pub(super) next_sweep_ns: u64,
    pub(super) next_upkeep_ns: u64,
    /// Slots of flows that were due at a time, and were not looked at yet.
    pub(super) due: Vec<u32>,
    pub(super) due_at_ns: u64,
    pub(super) tally: Tally,
    /// None: every packet is processed.
    pub(super) sieving: Option<Sieving>,
    /// Packets that are kept as evidence.
    pub kept: KeptPackets,
    /// Records of flows that have not been collected yet.
    pub flows: Vec<FlowRecord>,
    /// DNS messages that have not been collected yet.
    pub dns: Vec<CapturedMessage>,
}

/// The sender of a segment: its side of a flow, and the flow's slot in the table if it has one.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    pub(super) key: FlowKey,
    pub(super) side: usize,
    pub(super) slot: Option<u32>,
}

/// A segment that may show something new, and where it comes from. It is put together for the few that do: what is
/// passed on by reference has to be in memory for every packet.
pub(super) struct Unsettled<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) sender: Sender,
    pub(super) arrival: Arrival,
    pub(super) captured: Captured<'a>,
}

impl Monitor {
    /// Flow numbers are `worker`, `worker + workers`, …, so that those of several workers differ.
    pub fn new(
        settings: Settings,
        matcher: Arc<Matcher>,
        names: Arc<LearnedNames>,
        (worker, workers): (u64, u64),
    ) -> Self {
        let mut table = Table::new(settings.max_flows);
        if settings.is_live() {
            table.reserve();
        }
        Self {
            table,
            duplicates: Duplicates::new(settings.duplicate_window_ns),
            hellos: SharedHellos::default(),
            heads: StreamHeads::new(settings.max_heads, settings.max_head_bytes),
            dns_streams: DnsStreams::new(settings.max_heads),
            queries: PendingQueries::default(),
            fragments: Fragments::new(MAX_PACKETS, MAX_BYTES),
            timer: HandshakeTimer::new(settings.is_live() || settings.one_clock),
            ports: TunnelPorts::new(&settings.vxlan_ports, &settings.geneve_ports, &settings.hp_erm_ports),
            idle: IdleMemory::new(settings.max_idle_connections),
            pending: PendingSyns::default(),
            fragment_packets: FragmentPackets::default(),
            kept: KeptPackets::new(settings.max_evidence_bytes),
            settings,
            matcher,
            names,
            flow_ids: (worker, workers.max(1)),
            clocks: Clocks::default(),
            held: HeldPackets::default(),
            counts_steps: worker == 0,
            next_sweep_ns: 0,
            next_upkeep_ns: 0,
            due: Vec::new(),
            due_at_ns: 0,
            tally: Tally::default(),
            sieving: None,
            flows: Vec::new(),
            dns: Vec::new(),
        }
    }

    /// What the sensor saw of its network so far, and of the flow's interface, for the report of a flow.
    pub(super) fn sensor_view(&self, flow: &Flow) -> SensorView {
        let interface = flow.interface();
        let of_interface = self.tally.views.get(usize::from(interface)).copied().unwrap_or_default();
        let view = self.tally.total_view();
        let machines = self.names.machines.as_ref();
        let find = |machines: &Machines| machines.find(flow.ends.client(), flow.traffic.last_ns());
        SensorView {
            interception: self.timer.interception(),
            answers_only: view.solicited_dns_answers == 0 && view.unsolicited_dns_answers >= MIN_ANSWERS,
            is_undecoded: of_interface.packets >= MIN_PACKETS
                && of_interface.undecoded_packets * UNDECODED_SHARE
                    > of_interface.packets + of_interface.sieved_packets,
            machine: machines.map(find).unwrap_or_default(),
            clock_shift: self.clocks.shift(interface, flow.traffic.last_ns()),
        }
    }
}

/// Borrows what all flows of a monitor share, apart from the table that holds them.
macro_rules! context {
    ($monitor:ident) => {
        $crate::resolution::Context {
            names: &$monitor.names,
            queries: &mut $monitor.queries,
            matcher: &$monitor.matcher,
            tally: &mut $monitor.tally,
            reports: $monitor.settings.every_flow.then_some(&mut $monitor.dns),
        }
    };
}

pub(super) use context;
