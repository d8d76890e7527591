//! Hashing of keys that are hashes already.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use journal::KeyHash;

/// A map by key hash.
pub type KeyMap<T> = HashMap<KeyHash, T, Seeded>;

/// Folds the first half of a key hash with a secret of this process: partners choose the keys, and could otherwise search
/// for many that fall into one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(RandomState::new().hash_one("keys") | 1)
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded {
            seed: self.0,
            state: 0,
        }
    }
}

/// See [`Seeded`].
#[derive(Clone, Copy, Debug)]
pub struct Folded {
    seed: u64,
    state: u64,
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.seed);
        self.state = (product as u64) ^ (product >> 64) as u64;
    }

    // The length of an array says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.state
    }
}
