//! How the copy in the other region stands, and what an acknowledgement waits for because of it.

use api::gateway::PeerState;

/// How the copy in the other region stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// There is no other region.
    None,
    /// It is expected to answer within the time to degrade: acknowledgements wait for it, as in [`Link::InSync`].
    ///
    /// So it is after leading began, and when catching up has come so close that the rest is on its way.
    Expected,
    /// It has everything; acknowledgements wait for it.
    InSync,
    /// It answers and is being brought up to date; acknowledgements mean one copy.
    CatchingUp,
    /// It does not answer; acknowledgements mean one copy, and are counted.
    Gone,
}

impl Link {
    /// Whether an acknowledgement waits for the other region.
    pub const fn waits(self) -> bool {
        match self {
            Self::Expected | Self::InSync => true,
            Self::None | Self::CatchingUp | Self::Gone => false,
        }
    }

    /// As the status shows it.
    pub const fn shown(self) -> PeerState {
        match self {
            Self::None => PeerState::None,
            Self::InSync => PeerState::InSync,
            Self::Expected | Self::CatchingUp => PeerState::CatchingUp,
            Self::Gone => PeerState::Gone,
        }
    }
}
