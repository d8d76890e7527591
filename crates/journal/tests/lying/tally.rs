//! What happened in the lives of journals.

/// What happened, so that a test can tell that all of it did.
#[derive(Clone, Copy, Debug, Default)]
pub struct LifeTally {
    pub acknowledged: u64,
    pub opens: u64,
    pub power_cuts: u64,
    pub poisoned: u64,
    pub full: u64,
    pub torn: u64,
    pub damaged: u64,
    pub missing: u64,
    pub cuts: u64,
    pub trims: u64,
    /// Parked records that were dropped, and keys that were forgotten.
    pub forgotten: u64,
    /// Segments that a start did not read.
    pub by_sidecar: u64,
    /// Sidecars that were lost, torn, rotted, or of another segment.
    pub sidecars_hurt: u64,
    /// Damaged batches that were found after a start.
    pub condemned: u64,
}

impl std::ops::AddAssign for LifeTally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.opens += other.opens;
        self.power_cuts += other.power_cuts;
        self.poisoned += other.poisoned;
        self.full += other.full;
        self.torn += other.torn;
        self.damaged += other.damaged;
        self.missing += other.missing;
        self.cuts += other.cuts;
        self.trims += other.trims;
        self.forgotten += other.forgotten;
        self.by_sidecar += other.by_sidecar;
        self.sidecars_hurt += other.sidecars_hurt;
        self.condemned += other.condemned;
    }
}

/// What happened, so that a test can tell that all of it did.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairTally {
    pub acknowledged: u64,
    pub alone: u64,
    pub takeovers: u64,
    pub both_cut: u64,
    pub offered: u64,
    pub set_aside: u64,
    pub repaired: u64,
    pub mended: u64,
    /// Damaged batches that were found after a start.
    pub scrubbed: u64,
    pub trims: u64,
    /// Regions that began anew behind a floor.
    pub begun_anew: u64,
    /// Regions whose disk was replaced by an empty one.
    pub replaced: u64,
    /// Disasters that were not drawn, because the copy that they would have left was damaged itself.
    pub last_copies: u64,
}

impl std::ops::AddAssign for PairTally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.alone += other.alone;
        self.takeovers += other.takeovers;
        self.both_cut += other.both_cut;
        self.offered += other.offered;
        self.set_aside += other.set_aside;
        self.repaired += other.repaired;
        self.mended += other.mended;
        self.scrubbed += other.scrubbed;
        self.trims += other.trims;
        self.begun_anew += other.begun_anew;
        self.replaced += other.replaced;
        self.last_copies += other.last_copies;
    }
}
