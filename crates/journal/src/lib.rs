//! The durable log of the gateway: what was accepted, in order, and nothing else.
//!
//! Constraints: one writer; an append returns only after its bytes are synced; a record that was synced is never
//! dropped by recovery; two regions hold the same batches byte for byte.
//!
//! # On disk
//!
//! A directory of segments `seg-000000000001.log`, each created zero-filled at its full size and synced (file and
//! directory) before the first batch goes in: an `fdatasync` then changes no metadata, and a write inside a segment
//! cannot run out of space. All numbers are little-endian, every frame begins at a multiple of 8 bytes.
//!
//! ```text
//! segment  │ header 64 │ write │ write │ write │ 0 0 0 0 …                      │
//! write    │ mark 32 │ batch │ batch … │           one pwrite, one fdatasync
//! batch    │ batch header 64 │ record │ record … │  replicated byte for byte
//! record   │ record header 96 │ stream │ id │ body │ zeros to a multiple of 8 │
//! ```
//!
//! | frame | fields (offset: meaning) |
//! | --- | --- |
//! | segment header | 0 `PLIMSEG1`, 8 crc32c, 12 version, 16 ordinal, 24 first sequence, 32 zeros |
//! | mark | 0 `PLJS`, 4 version, 8 crc32c, 12 zero, 16 last sequence synced before this write, 24 chain of that batch, 28 `PLJS` |
//! | batch header | 0 `PLJB`, 4 version, 8 crc32c, 12 bytes of records, 16 generation, 24 first sequence, 32 time (µs), 40 number of records, 44 chain of the previous batch, 48 crc32c over the crc fields of its records, 52 zeros |
//! | record header | 0 `PLJR`, 4 version, 5 kind, 8 crc32c over header and contents, 12 length of contents, 16 generation, 24 sequence, 32 time (µs), 40 key hash, 56 SHA-256 of the body, 88 length of stream, 90 length of id, 92 zeros |
//!
//! The *key hash* is the first 16 bytes of SHA-256 over the length of the stream (u16), the stream and the id.
//! The *chain* of a batch is the crc of its header, which covers its records and the chain of the batch before it;
//! equal sequence and equal chain therefore mean an equal history.
//! No frame begins with a zero byte, so zeros never decode as anything.
//!
//! # Torn or damaged
//!
//! A mark is written only after everything before it was synced, so a valid mark *proves* what lies before it.
//! The file `watermark` (two slots, each with a crc) says the same of the last write; it is written after each sync and
//! itself synced in quiet moments ([`Journal::settle`]), because a second sync per batch would halve the throughput.
//! A frame that does not decode is
//! - *damage* when it lies before a valid mark or the watermark: its bytes are copied to `quarantine/`, the records
//!   around it stay readable, the sequence numbers that are lacking are reported, nothing is truncated;
//! - a *torn tail* otherwise: its write was never acknowledged. The bytes are copied to `quarantine/` all the same
//!   (after a power cut the watermark may be one write behind), then zeroed.
//!
//! # Sidecars
//!
//! Beside each segment that is no longer written lies `facts-000000000001`: where its batches are, and of each record
//! everything but id and body, under a checksum. Opening reads these and the last segment whole; a segment whose sidecar
//! is lacking, damaged, or not of this segment is read whole, and its sidecar made anew. Of a segment with a sidecar
//! opening has read only the header and the header of the last batch; [`Reader::check_segment`] reads the rest later,
//! and every read checks what it returns.
//!
//! # Trimming
//!
//! The beginning of the log goes in whole segments ([`Journal::trim`]), and the files `floor` and `floor.twin` say so
//! before the first of them is removed: up to where, with which chain the rest continues, and which files outlived it.
//! Of each segment that went there is a stub, which is its sidecar, synced: a message that comes again is known by its
//! key until the stub goes too ([`Journal::forget_keys`]). Records that are still needed are copied out before, with
//! their sequence numbers, and are read as before. A log that ends before another one begins takes over that one's floor
//! ([`Journal::rebase`]).
//!
//! # Repair
//!
//! [`Reader::gaps`] says which batches are damaged or lacking; [`Journal::repair`] puts the other region's exact bytes
//! where they were. A log that lacks a whole segment is cut off before it and copied anew ([`Journal::set_aside_from`],
//! [`Journal::cut`]).
//!
//! # Errors
//!
//! A failed write or sync poisons the journal: the page cache may already have forgotten what it failed to write, so a
//! sync that is tried again would succeed and lie. Nothing is appended any more until the log was opened anew; opening
//! writes the last write once more, because it may have been read from a page cache that the medium knows nothing of.

mod append;
mod disk;
mod diverge;
mod erase;
mod facts;
mod floor;
mod fork;
mod found;
mod frame;
mod gather;
mod index;
mod journal;
mod open;
mod prune;
mod remains;
mod repair;
mod scan;
mod scrub;
mod segment;
mod sidecar;
mod snapshot;
mod survey;
mod trim;
mod watermark;

pub use append::AppendError;
pub use disk::{Disk, DiskFile, RealDisk};
pub use diverge::{DivergeError, SetAside};
pub use erase::{EraseError, Erased, is_erased};
pub use facts::{BodyMark, Facts, Held, body_mark};
pub use floor::{Part, PartKind};
pub use fork::{Compared, Fork, ForkSearch};
pub use frame::{Batch, Entry, KeyHash, Malformed, Record, RecordView, body_hash, key_hash};
pub use index::{Epoch, Position, ReadError, Reader};
pub use journal::{Journal, Options, Preparation};
pub use open::{Damage, OpenError, Recovery, Torn};
pub use prune::{Pruner, Sealed, Shed, Trim};
pub use repair::RepairError;
pub use scrub::{CondemnError, Condemned};
pub use snapshot::{Snapshot, SnapshotError, snapshot};
pub use survey::{Flaw, SegmentSurvey, Survey, survey};
pub use trim::TrimError;
