//! Keys of QUIC Initial packets (RFC 9001, 5; RFC 9369, 3; drafts still in use).

use super::quic_version::{Revision, Version, SALT_V1};
use ring::aead::quic::{HeaderProtectionKey, AES_128};
use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_128_GCM};
use ring::hkdf::{KeyType, Prk, Salt, HKDF_SHA256};
use std::sync::LazyLock;

/// The salt of almost every connection, prepared once.
static VERSION_1: LazyLock<Salt> = LazyLock::new(|| Salt::new(HKDF_SHA256, &SALT_V1));

/// The keys that protect a client's Initial packets.
pub struct Keys {
    key: LessSafeKey,
    iv: [u8; 12],
    header: HeaderProtectionKey,
}

impl Keys {
    /// The keys derived from the destination connection ID of the client's first packet, one set for each
    /// possible salt of the version.
    pub fn for_client(version: Version, origin: &[u8]) -> impl Iterator<Item = Self> + use<'_> {
        version.salts.iter().filter_map(move |salt| Self::derive(version, salt, origin))
    }

    fn derive(version: Version, salt: &[u8; 20], origin: &[u8]) -> Option<Self> {
        let labels: [&[u8]; 3] = match version.revision {
            Revision::One => [b"quic key", b"quic iv", b"quic hp"],
            Revision::Two => [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"],
        };
        let initial = if *salt == SALT_V1 {
            VERSION_1.extract(origin)
        } else {
            Salt::new(HKDF_SHA256, salt).extract(origin)
        };
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

    /// The header protection mask for a sample.
    pub fn mask(&self, sample: &[u8]) -> Option<[u8; 5]> {
        self.header.new_mask(sample).ok()
    }

    /// Decrypts a payload; None if its authentication tag is invalid.
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
