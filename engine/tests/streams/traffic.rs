//! Packets of one conversation, and a monitor that processes them.

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::wire::flags::{ACK, SYN};
use std::sync::Arc;

pub const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const RAW: u16 = 101;

/// Bounds small enough to be reached.
pub fn settings() -> Settings {
    Settings { every_flow: true, max_flows: 100, max_heads: 10, ..Settings::default() }
}

/// Signatures that match cloud.example and its subdomains.
pub fn matcher() -> Matcher {
    Matcher::new(&[(3, MatchKind::Suffix, "cloud.example".to_owned())], &[], &[]).unwrap()
}

/// A ClientHello in one record, with its name at the end.
pub fn hello(name: Option<&str>) -> Vec<u8> {
    let vector = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let extensions = name.map_or(Vec::new(), |name| {
        let entry = [&[0][..], &vector(name.as_bytes())].concat();
        [&[0, 0][..], &vector(&vector(&entry))].concat()
    });
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &vector(&extensions)].concat();
    let message = [&[1, 0][..], &vector(&body)].concat();
    [&[22, 3, 1][..], &vector(&message)].concat()
}

/// One TCP connection to `port`, and the monitor that sees it.
pub struct Talk {
    pub monitor: Monitor,
    pub port: u16,
    pub client_port: u16,
    clock_ns: u64,
    next: [u32; 2],
}

impl Talk {
    pub fn new(port: u16, settings: Settings) -> Self {
        let monitor = Monitor::new(settings, Arc::new(matcher()), Arc::new(LearnedNames::new(1000)), (0, 1));
        Self { monitor, port, client_port: 40_000, clock_ns: START, next: [1000, 5000] }
    }

    /// The handshake.
    pub fn open(mut self) -> Self {
        self.syn();
        self.segment(true, 1000, 0, ACK, b"", None);
        self
    }

    /// SYN and SYN-ACK; a repetition, if they were sent before.
    pub fn syn(&mut self) {
        self.segment(true, 999, 0, SYN, b"", None);
        self.segment(false, 4999, 1000, SYN | ACK, b"", None);
    }

    /// The next bytes of the client.
    pub fn up(&mut self, bytes: &[u8]) {
        self.up_at(0, bytes);
        self.next[0] += bytes.len() as u32;
    }

    /// Bytes of the client that begin `ahead` bytes after the next expected one.
    pub fn up_at(&mut self, ahead: u32, bytes: &[u8]) {
        self.segment(true, self.next[0].wrapping_add(ahead), self.next[1], ACK, bytes, None);
    }

    /// The next bytes of the client, of which the capture keeps only `kept`.
    pub fn up_cut(&mut self, bytes: &[u8], kept: usize) {
        self.segment(true, self.next[0], self.next[1], ACK, bytes, Some(kept));
        self.next[0] += bytes.len() as u32;
    }

    /// The next bytes of the server.
    pub fn down(&mut self, bytes: &[u8]) {
        self.down_at(0, bytes);
        self.next[1] += bytes.len() as u32;
    }

    /// Bytes of the server that begin `ahead` bytes after the next expected one.
    pub fn down_at(&mut self, ahead: u32, bytes: &[u8]) {
        self.segment(false, self.next[1] + ahead, self.next[0], ACK, bytes, None);
    }

    /// The server acknowledges `ahead` bytes after those that the client has sent for certain.
    pub fn acknowledge(&mut self, ahead: u32) {
        self.segment(false, self.next[1], self.next[0] + ahead, ACK, b"", None);
    }

    /// All flows, ended.
    pub fn finish(mut self) -> Vec<FlowRecord> {
        self.monitor.finish();
        std::mem::take(&mut self.monitor.flows)
    }

    /// The only flow, ended.
    pub fn only_flow(self) -> FlowRecord {
        let mut flows = self.finish();
        assert_eq!(flows.len(), 1);
        flows.remove(0)
    }

    pub fn segment(&mut self, up: bool, seq: u32, ack: u32, flags: u8, payload: &[u8], kept: Option<usize>) {
        let (client, server) = ([192, 0, 2, 7], [198, 51, 100, 9]);
        let (src, dst) = if up { (client, server) } else { (server, client) };
        let ports = if up { [self.client_port, self.port] } else { [self.port, self.client_port] };
        let mut packet = vec![0x45, 0];
        packet.extend(((40 + payload.len()) as u16).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend([src, dst].concat());
        packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        packet.extend(seq.to_be_bytes());
        packet.extend(ack.to_be_bytes());
        packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(payload);
        let wire_len = packet.len() as u32;
        let bytes = &packet[..kept.map_or(packet.len(), |kept| 40 + kept)];
        self.clock_ns += 1_000_000;
        let packet = Packet { number: 0, time_ns: self.clock_ns, link: RAW, interface: 0, wire_len, bytes };
        self.monitor.packet(&packet);
    }
}
