//! Keys of QUIC Initial packets (RFC 9001, 5; RFC 9369, 3; the drafts still seen).

use super::quic::PacketType;
use ring::aead::quic::{HeaderProtectionKey, AES_128};
use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_128_GCM};
use ring::hkdf::{KeyType, Prk, Salt, HKDF_SHA256};

/// A version whose Initial keys are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The number on the wire.
    pub number: u32,
    salts: &'static [[u8; 20]],
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// Version 1 and the drafts that led to it.
    One,
    /// Version 2: other labels, other type bits (RFC 9369, 3.2, 3.3.1).
    Two,
}

const SALT_V1: [u8; 20] = hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
const SALT_V2: [u8; 20] = hex("0dede3def700a6db819381be6e269dcbf9bd2ed9");
const SALT_DRAFT_29: [u8; 20] = hex("afbfec289993d24c9e9786f19c6111e04390a899");
const SALT_DRAFT_23: [u8; 20] = hex("c3eef712c72ebb5a11a7d2432bb46365bef9f502");
const SALT_Q050: [u8; 20] = hex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45");
const SALT_T050: [u8; 20] = hex("7ff579e5acd072915580304c43a2367c60488310");
const SALT_T051: [u8; 20] = hex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d");

impl Version {
    /// The version of a number, if its keys are known.
    pub fn of(number: u32) -> Option<Self> {
        let (salts, family): (&[[u8; 20]], Family) = match number {
            0x0000_0001 => (&[SALT_V1], Family::One),
            0x6b33_43cf => (&[SALT_V2], Family::Two),
            // draft-33 and draft-34 kept draft-29's salt until version 1 was final
            0xff00_001d..=0xff00_0022 => (&[SALT_DRAFT_29], Family::One),
            0xff00_0017..=0xff00_001c => (&[SALT_DRAFT_23], Family::One),
            // Google's own: a CHLO (Q) or TLS (T) over the framing of a draft, each with a salt of its own
            0x5130_3530 => (&[SALT_Q050], Family::One),
            0x5430_3530 => (&[SALT_T050], Family::One),
            0x5430_3531 => (&[SALT_T051], Family::One),
            // Reserved to make a server negotiate (RFC 9000, 15): protected as the client's real version
            _ if number & 0x0f0f_0f0f == 0x0a0a_0a0a => (&[SALT_V1, SALT_DRAFT_29], Family::One),
            _ => return None,
        };
        Some(Self { number, salts, family })
    }

    /// Type of the CRYPTO frame: Google's versions number it in their own way.
    pub fn crypto_frame(self) -> u8 {
        if self.is_google() {
            0x08
        } else {
            0x06
        }
    }

    /// One of Google's own versions.
    pub fn is_google(self) -> bool {
        matches!(self.number >> 24, 0x51 | 0x54) // "Q…", "T…"
    }

    /// Kind of a long-header packet by its first byte.
    pub fn packet_type(self, first: u8) -> PacketType {
        let shift = match self.family {
            Family::One => 0,
            Family::Two => 3,
        };
        match ((first >> 4 & 3) + shift) & 3 {
            0 => PacketType::Initial,
            1 => PacketType::ZeroRtt,
            2 => PacketType::Handshake,
            _ => PacketType::Retry,
        }
    }
}

/// The keys that protect a client's Initial packets.
pub struct Keys {
    key: LessSafeKey,
    iv: [u8; 12],
    header: HeaderProtectionKey,
}

impl Keys {
    /// Derived from the destination connection ID of the client's first packet; one set for each salt
    /// that the version may mean.
    pub fn of_client(version: Version, origin: &[u8]) -> impl Iterator<Item = Self> + use<'_> {
        version.salts.iter().filter_map(move |salt| Self::derive(version, salt, origin))
    }

    fn derive(version: Version, salt: &[u8; 20], origin: &[u8]) -> Option<Self> {
        let labels: [&[u8]; 3] = match version.family {
            Family::One => [b"quic key", b"quic iv", b"quic hp"],
            Family::Two => [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"],
        };
        let initial = Salt::new(HKDF_SHA256, salt).extract(origin);
        let mut secret = [0; 32];
        expand(&initial, b"client in", &mut secret)?;
        let client = Prk::new_less_safe(HKDF_SHA256, &secret);
        let (mut key, mut iv, mut header) = ([0; 16], [0; 12], [0; 16]);
        expand(&client, labels[0], &mut key)?;
        expand(&client, labels[1], &mut iv)?;
        expand(&client, labels[2], &mut header)?;
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?),
            iv,
            header: HeaderProtectionKey::new(&AES_128, &header).ok()?,
        })
    }

    /// The header protection mask of a sample.
    pub fn mask(&self, sample: &[u8]) -> Option<[u8; 5]> {
        self.header.new_mask(sample).ok()
    }

    /// Decrypts a payload; None unless its authentication tag is right.
    pub fn open(&self, number: u64, header: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        let mut bytes = payload.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let clear = self.key.open_in_place(nonce, Aad::from(header), &mut bytes).ok()?.len();
        bytes.truncate(clear);
        Some(bytes)
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
fn expand(secret: &Prk, label: &[u8], out: &mut [u8]) -> Option<()> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length = [0, u8::try_from(out.len()).ok()?];
    let label_length = [6 + u8::try_from(label.len()).ok()?];
    let info: [&[u8]; 5] = [&length, &label_length, b"tls13 ", label, &[0]];
    secret.expand(&info, Length(out.len())).ok()?.fill(out).ok()
}

/// Twenty bytes from their hexadecimal form, at compile time.
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
