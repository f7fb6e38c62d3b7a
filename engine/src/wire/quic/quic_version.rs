//! Versions of QUIC: their families, and the differences between the versions whose Initial keys are known.

/// Groups of versions, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // see QUIC_VERSIONS in netmon/records.py
pub enum Family {
    V1,
    V2,
    Draft,
    Google,
    Mvfst,
    Unknown,
}

impl Family {
    /// All families, in numerical order.
    pub const ALL: [Self; 6] = [Self::V1, Self::V2, Self::Draft, Self::Google, Self::Mvfst, Self::Unknown];

    /// The family of a version.
    pub fn of(number: u32) -> Self {
        match number.to_be_bytes() {
            [0, 0, 0, 1] => Self::V1,
            [0x6b, 0x33, 0x43, 0xcf] => Self::V2,
            [0xff, 0, 0, _] => Self::Draft,
            [0xfa, 0xce, 0xb0, _] => Self::Mvfst,
            [b'Q' | b'T', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Self::Google,
            _ => Self::Unknown,
        }
    }

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Draft => "draft",
            Self::Google => "google",
            Self::Mvfst => "mvfst",
            Self::Unknown => "unknown",
        }
    }
}

/// Types of long-header packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PacketType {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
}

/// A version whose Initial keys are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version number on the wire.
    pub number: u32,
    pub(super) salts: &'static [[u8; 20]],
    pub(super) revision: Revision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    /// Version 1 and the drafts that led to it.
    One,
    /// Version 2, with other labels and type bits (RFC 9369, 3.2 and 3.3.1).
    Two,
}

pub(super) const SALT_V1: [u8; 20] = hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
const SALT_V2: [u8; 20] = hex("0dede3def700a6db819381be6e269dcbf9bd2ed9");
const SALT_DRAFT_29: [u8; 20] = hex("afbfec289993d24c9e9786f19c6111e04390a899");
const SALT_DRAFT_23: [u8; 20] = hex("c3eef712c72ebb5a11a7d2432bb46365bef9f502");
const SALT_DRAFT_22: [u8; 20] = hex("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a");
const SALT_Q050: [u8; 20] = hex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45");
const SALT_T050: [u8; 20] = hex("7ff579e5acd072915580304c43a2367c60488310");
const SALT_T051: [u8; 20] = hex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d");

impl Version {
    /// The version with this number, if its keys are known.
    pub fn of(number: u32) -> Option<Self> {
        let (salts, revision): (&[[u8; 20]], Revision) = match number {
            0x0000_0001 => (&[SALT_V1], Revision::One),
            0x6b33_43cf => (&[SALT_V2], Revision::Two),
            // draft-29 to draft-32 share a salt, and the last two drafts have that of version 1
            0xff00_0021..=0xff00_0022 => (&[SALT_V1], Revision::One),
            0xff00_001d..=0xff00_0020 => (&[SALT_DRAFT_29], Revision::One),
            0xff00_0017..=0xff00_001c => (&[SALT_DRAFT_23], Revision::One),
            0xff00_0016 => (&[SALT_DRAFT_22], Revision::One),
            // mvfst: its first versions are drafts under another number, later ones vary
            0xface_b001 => (&[SALT_DRAFT_22], Revision::One),
            0xface_b002 | 0xface_b00e => (&[SALT_DRAFT_23], Revision::One),
            0xface_b000..=0xface_b0ff => {
                (&[SALT_V1, SALT_DRAFT_29, SALT_DRAFT_23, SALT_DRAFT_22], Revision::One)
            }
            // Google's versions: a CHLO (Q) or TLS (T) in the framing of a draft, each with a salt of its own
            0x5130_3530 => (&[SALT_Q050], Revision::One),
            0x5430_3530 => (&[SALT_T050], Revision::One),
            0x5430_3531 => (&[SALT_T051], Revision::One),
            // Reserved to force version negotiation (RFC 9000, 15): protected like the client's real version
            _ if number & 0x0f0f_0f0f == 0x0a0a_0a0a => (&[SALT_V1, SALT_DRAFT_29], Revision::One),
            _ => return None,
        };
        Some(Self { number, salts, revision })
    }

    /// True if the salt is not known for certain, but one of several.
    pub fn is_guessed(self) -> bool {
        self.salts.len() > 1
    }

    /// Type of the CRYPTO frame, which differs in Google's versions.
    pub fn crypto_frame(self) -> u8 {
        if self.is_google() {
            0x08
        } else {
            0x06
        }
    }

    /// True for Google's versions.
    pub fn is_google(self) -> bool {
        matches!(self.number >> 24, 0x51 | 0x54) // "Q…", "T…"
    }

    /// Type of a long-header packet, from its first byte.
    pub fn packet_type(self, first: u8) -> PacketType {
        let shift = match self.revision {
            Revision::One => 0,
            Revision::Two => 3,
        };
        match ((first >> 4 & 3) + shift) & 3 {
            0 => PacketType::Initial,
            1 => PacketType::ZeroRtt,
            2 => PacketType::Handshake,
            _ => PacketType::Retry,
        }
    }
}

/// Twenty bytes from hexadecimal digits, at compile time.
const fn hex(text: &str) -> [u8; 20] {
    const fn digit(c: u8) -> u8 {
        match c {
            b'0'..=b'9' => c - b'0',
            b'a'..=b'f' => c - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        }
    }
    let (text, mut bytes, mut i) = (text.as_bytes(), [0; 20], 0);
    assert!(text.len() == 40);
    while i < 20 {
        bytes[i] = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
        i += 1;
    }
    bytes
}
