//! Which kinds of faults a schedule is drawn from, by name.

use serde::Serialize;

use crate::fault::Kind;

/// Which faults a schedule is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Everything.
    Anything,
    /// The region that leads is lost, for a while or for good.
    RegionLoss,
    /// Links are cut, also one way, and flap.
    Partition,
    /// What is alive and does not work: frozen, slow, full, behind.
    Grey,
    /// The controller dies, most of all while a saga runs.
    ControlPlane,
    /// Clocks drift and jump.
    Clocks,
    /// Disks are slow, full, lie, or are lost.
    Disks,
    /// People do the wrong thing.
    People,
    /// Two faults at once, and faults during the recovery.
    Double,
    /// Planned moves, and all that can go wrong around them.
    Moves,
    /// What only goes wrong when several things happen in their order: voters that start anew, gateways that stand still.
    Scenes,
    /// Disks that lie, fail, fill, rot and lose their power under the journals, and gateways that end.
    Journals,
    /// The region to which writes have just moved is lost while the saga that moved them still waits for something.
    LostAgain,
    /// What lanes meet: an ERP that is away, hangs or refuses, people who pause, gateways that end in the middle.
    Lanes,
}

// === impl Scenario ===

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Anything,
        Self::RegionLoss,
        Self::Partition,
        Self::Grey,
        Self::ControlPlane,
        Self::Clocks,
        Self::Disks,
        Self::People,
        Self::Double,
        Self::Moves,
        Self::Scenes,
        Self::Journals,
        Self::LostAgain,
        Self::Lanes,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::RegionLoss => "region-loss",
            Self::Partition => "partition",
            Self::Grey => "grey",
            Self::ControlPlane => "control-plane",
            Self::Clocks => "clocks",
            Self::Disks => "disks",
            Self::People => "people",
            Self::Double => "double",
            Self::Moves => "moves",
            Self::Scenes => "scenes",
            Self::Journals => "journals",
            Self::LostAgain => "lost-again",
            Self::Lanes => "lanes",
        }
    }

    /// What is drawn from.
    pub(crate) const fn kinds(self) -> &'static [Kind] {
        use Kind::{
            ClockJump, CrashAtStep, CrashControl, CrashDatabase, Cut, Disorder, Drift, Flap, Freeze,
            FreezeAgent, FullDisk, Isolate, LoseDisk, LoseRegion, LyingDisk, Partition, Person, RestartAgent,
            RestartGateway, SlowDisk, SlowLink, SlowReplay,
        };
        match self {
            Self::Anything | Self::Double | Self::Moves | Self::Scenes => Kind::DRAWN,
            // Nothing that takes the other region too: that one is lost for good.
            Self::LostAgain => &[
                Partition,
                Cut,
                Flap,
                SlowLink,
                Freeze,
                CrashControl,
                RestartGateway,
                Drift,
                ClockJump,
            ],
            Self::RegionLoss => &[LoseRegion],
            Self::Partition => &[Partition, Cut, Isolate, Flap, SlowLink, Disorder],
            Self::Grey => &[Freeze, FreezeAgent, SlowDisk, FullDisk, SlowReplay, SlowLink],
            Self::ControlPlane => &[
                CrashControl,
                CrashAtStep,
                LoseRegion,
                Isolate,
                CrashDatabase,
                Freeze,
            ],
            Self::Clocks => &[Drift, ClockJump, LoseRegion, Isolate],
            Self::Disks => &[
                SlowDisk,
                FullDisk,
                LyingDisk,
                LoseDisk,
                RestartGateway,
                CrashDatabase,
            ],
            Self::Journals => &[
                FullDisk,
                SlowDisk,
                LyingDisk,
                LoseDisk,
                LoseRegion,
                RestartGateway,
                RestartAgent,
                Partition,
                CrashControl,
            ],
            Self::People => &[Person, LoseRegion, RestartAgent],
            Self::Lanes => &[
                RestartGateway,
                CrashDatabase,
                LoseRegion,
                RestartAgent,
                Partition,
                Person,
                FullDisk,
                SlowDisk,
            ],
        }
    }
}

impl std::str::FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|scenario| scenario.name()).collect();
            format!("there is no scenario `{text}`; there are {}", names.join(", "))
        })
    }
}
