//! Where things stand: four machines, and the world outside.

use serde::Serialize;

/// One of the two regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Leads at the beginning.
    West,
    /// Follows at the beginning.
    North,
}

/// A machine, or everybody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The region `west`.
    West,
    /// The region `north`.
    North,
    /// The controller, which is the witness of the lease.
    Control,
    /// The front door.
    Door,
    /// Partners and people.
    Outside,
}

// === impl Side ===

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::West, Self::North];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::West => Self::North,
            Self::North => Self::West,
        }
    }

    /// Its machine.
    pub const fn place(self) -> Place {
        match self {
            Self::West => Place::West,
            Self::North => Place::North,
        }
    }

    /// Its name in the estate.
    pub const fn name(self) -> &'static str {
        self.place().name()
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

// === impl Place ===

impl Place {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// Those that can fail.
    pub const MACHINES: [Self; 4] = [Self::West, Self::North, Self::Control, Self::Door];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::West => "west",
            Self::North => "north",
            Self::Control => "control",
            Self::Door => "door",
            Self::Outside => "outside",
        }
    }

    /// The region that stands there.
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::West => Some(Side::West),
            Self::North => Some(Side::North),
            Self::Control | Self::Door | Self::Outside => None,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
