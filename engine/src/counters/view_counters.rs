//! What the sensor could see on one interface, in numbers whose ratios show how good its view is.

use super::declaration::counters;

counters! {
    /// Counters of one capture interface; those of several workers add up.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct ViewCounters {
        /// Packets read.
        packets,
        /// Packets of flows without a vendor that the kernel sieve has dropped, which are not among those read.
        sieved_packets,
        /// Their IP bytes.
        sieved_bytes,
        /// Times that the kernel sieve had no room for a direction of a flow.
        sieve_refusals,
        /// Packets of flows: TCP or UDP over IP, duplicates included.
        flow_packets,
        /// Packets that may belong to connections and were not decoded.
        undecoded_packets,
        /// Duplicates, which are not counted in flows.
        duplicate_packets,
        /// Packets cut by the snap length.
        cut_packets,
        /// Packets larger than the MTU of any link: segments joined by a network card or kernel.
        coalesced_packets,
        /// TCP payload bytes seen.
        tcp_bytes,
        /// TCP payload bytes of ended flows that were acknowledged and not seen.
        unseen_tcp_bytes,
        /// Ended TCP flows in which data was acknowledged.
        connections,
        /// Connections seen in one direction only.
        one_way_connections,
        /// DNS answers to queries that were seen.
        solicited_dns_answers,
        /// DNS answers for which no query was seen.
        unsolicited_dns_answers,
        /// Ended flows whose hello lacks segments.
        incomplete_hellos,
        /// Ended flows of which one side sent in several VLANs or overlay networks: hosts with equal addresses.
        overlapping_flows,
        /// Packets whose time disagreed with those around them; they count as captured with those.
        misdated_packets,
        /// Times that the clock of the packets was set, or found to differ from the other interfaces'.
        clock_steps,
    }
}
