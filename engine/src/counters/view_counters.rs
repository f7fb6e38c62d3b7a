//! What one interface let the sensor see, in figures whose ratios show how good its view is.

/// Counters of one capture interface; those of several workers add up.
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewCounters {
    /// Packets read.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Duplicates, which are not counted in flows.
    pub duplicate_packets: u64,
    /// Packets cut by the snap length.
    pub cut_packets: u64,
    /// Packets longer than any link carries.
    pub coalesced_packets: u64,
    /// TCP payload bytes seen.
    pub tcp_bytes: u64,
    /// TCP payload bytes of ended flows that were acknowledged and not seen.
    pub unseen_tcp_bytes: u64,
    /// Ended TCP flows in which data was acknowledged.
    pub connections: u64,
    /// Connections seen in one direction only.
    pub one_way_connections: u64,
    /// DNS answers to queries that were seen.
    pub solicited_dns_answers: u64,
    /// DNS answers for which no query was seen.
    pub unsolicited_dns_answers: u64,
    /// Ended flows whose hello lacks segments.
    pub incomplete_hellos: u64,
}

impl ViewCounters {
    /// Adds another worker's counters.
    pub fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.duplicate_packets += other.duplicate_packets;
        self.cut_packets += other.cut_packets;
        self.coalesced_packets += other.coalesced_packets;
        self.tcp_bytes += other.tcp_bytes;
        self.unseen_tcp_bytes += other.unseen_tcp_bytes;
        self.connections += other.connections;
        self.one_way_connections += other.one_way_connections;
        self.solicited_dns_answers += other.solicited_dns_answers;
        self.unsolicited_dns_answers += other.unsolicited_dns_answers;
        self.incomplete_hellos += other.incomplete_hellos;
    }
}
