// The kernel sieve: a socket filter that keeps the bulk data of flows of which the engine expects nothing any more from
// the ring. engine/bpf/README.md says how it is compiled; engine/src/capture/sieve.rs loads it and fills the map.
//
// The engine adds a direction of a flow to `unwatched`; the filter drops its plain data packets and counts them there.
// Every other packet is passed as it is: whatever this program does not read completely, is no bulk data.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// struct __sk_buff of linux/bpf.h up to the last field that is read.
struct skb {
    u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci;
};

struct map {
    u32 type, key_size, value_size, max_entries, flags;
};

// One direction of a flow, as on the wire. Numbers are in network byte order except `vlan`.
struct direction {
    u8 source[16], destination[16]; // IPv4 as ::ffff:a.b.c.d
    u16 source_port, destination_port;
    u16 vlan; // UNTAGGED, or the VLAN of the only tag
    u8 protocol, unused;
};

struct dropped {
    u64 packets;
    u64 bytes;   // of IP
    u64 last_ns; // CLOCK_MONOTONIC
    u32 next;    // TCP: the sequence number after the highest one
    u32 passes;  // a packet that is no plain data was passed: so are those after it, until the engine has read it
};

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

// Hash map without memory for entries that are not there.
struct map unwatched SECTION("maps") = {1, sizeof(struct direction), sizeof(struct dropped), 131072, 1};

static void *(*lookup)(void *, const void *) = (void *)1;
static long (*load)(const void *, u32, void *, u32) = (void *)26;
static u64 (*coarse_ns)(void) = (void *)160;

enum {
    DROP = 0,
    PASS = -1,
    UNTAGGED = 0xffff,
    ETHERNET = 14,
    VLAN = 0x8100,
    IPV4 = 0x0800,
    IPV6 = 0x86dd,
    TCP = 6,
    UDP = 17,
    ACK = 0x10,
    URGENT = 0x20,
    CONTROL = 0x17,     // ACK, RST, SYN, FIN
    LARGEST = 9216,     // of any link: a larger packet was joined by the network card, which the engine reports
    SHORTEST_QUIC = 21, // of a short header's packet (RFC 9000, 10.3)
    MAX_STEP = 1 << 26, // between the numbers of one connection
};

INLINE u16 u16_at(const u8 *bytes) { return bytes[0] << 8 | bytes[1]; }

INLINE u32 u32_at(const u8 *bytes) { return (u32)u16_at(bytes) << 16 | u16_at(bytes + 2); }

SECTION("socket")
int sieve(struct skb *skb) {
    struct direction key = {.vlan = UNTAGGED};
    u8 header[40];
    u32 at = ETHERNET, total, transport;
    if (load(skb, 12, header, 2))
        return PASS;
    u16 ethertype = u16_at(header);
    if (skb->vlan_present)
        key.vlan = skb->vlan_tci & 0xfff;
    else if (ethertype == VLAN) {
        if (load(skb, at, header, 4))
            return PASS;
        key.vlan = u16_at(header) & 0xfff;
        ethertype = u16_at(header + 2);
        at += 4;
    }
    if (ethertype == IPV4) {
        if (load(skb, at, header, 20))
            return PASS;
        // No options, no fragment.
        if (header[0] != 0x45 || (u16_at(header + 6) & 0x3fff))
            return PASS;
        total = u16_at(header + 2);
        key.protocol = header[9];
        key.source[10] = key.source[11] = key.destination[10] = key.destination[11] = 0xff;
        __builtin_memcpy(key.source + 12, header + 12, 4);
        __builtin_memcpy(key.destination + 12, header + 16, 4);
        transport = 20;
    } else if (ethertype == IPV6) {
        if (load(skb, at, header, 40))
            return PASS;
        if (header[0] >> 4 != 6)
            return PASS;
        total = 40 + u16_at(header + 4);
        key.protocol = header[6];
        __builtin_memcpy(key.source, header + 8, 16);
        __builtin_memcpy(key.destination, header + 24, 16);
        transport = 40;
    } else
        return PASS;
    // A packet that is shorter than it says was cut.
    if (total > LARGEST || at + total > skb->len)
        return PASS;
    u32 length = total - transport, next = 0, is_plain;
    at += transport;
    if (key.protocol == TCP) {
        if (total < transport + 20 || load(skb, at, header, 20))
            return PASS;
        u32 offset = (header[12] >> 4) * 4;
        if ((header[13] & URGENT) || offset < 20 || offset > length)
            return PASS;
        is_plain = (header[13] & CONTROL) == ACK;
        next = u32_at(header + 4) + length - offset;
    } else if (key.protocol == UDP) {
        if (total < transport + 8 + SHORTEST_QUIC || load(skb, at, header, 9))
            return PASS;
        // A short header, in the only packet of the datagram.
        if (u16_at(header + 4) != length)
            return PASS;
        is_plain = (header[8] & 0xc0) == 0x40;
    } else
        return PASS;
    __builtin_memcpy(&key.source_port, header, 4);
    struct dropped *dropped = lookup(&unwatched, &key);
    if (!dropped)
        return PASS;
    // What follows a packet that may begin another connection with these ends is not to be missed. Nor is one whose
    // beginning was lost: its numbers are others.
    if (!is_plain)
        dropped->passes = 1;
    u32 step = next - dropped->next + MAX_STEP;
    if (dropped->passes || (key.protocol == TCP && step > 2 * MAX_STEP))
        return PASS;
    // A flow's direction may be on several processors.
    __sync_fetch_and_add(&dropped->packets, 1);
    __sync_fetch_and_add(&dropped->bytes, total);
    dropped->last_ns = coarse_ns();
    if ((int)(next - dropped->next) > 0)
        dropped->next = next;
    return DROP;
}
