//! Who may say that writes move, and what they say.
//!
//! Who declares a move cannot authorise it as well. A tier that may be failed over automatically or by one person needs
//! nobody beside the one who declares; one that needs two people needs another one. Where the tier names who may say so,
//! only their words count: anybody may declare, and somebody named has to authorise it. In an emergency one person may
//! go on alone, which is written down as such; but never without what a standby lacks that is not fit to take over, which
//! takes two people in every tier.

use api::moves::{MoveCheck, MoveDecision, MoveKind, MoveRequest};
use recovery::decide::{ACCEPTING_PEOPLE, Order, Snapshot, UnfitStandby, decide_acceptance};
use types::settings::{Authority, FailoverSettings};

use super::{Controller, MoveError};
use crate::store;

impl Controller {
    /// Whether the tier lets this person authorise anything; asked at every door.
    ///
    /// # Errors
    /// [`MoveError::NotNamed`].
    pub fn check_named(&self, by: &str) -> Result<(), MoveError> {
        if counts(&self.settings.failover, by) {
            return Ok(());
        }
        Err(MoveError::NotNamed {
            by: by.to_owned(),
            who: self.settings.failover.authorised_by.clone(),
        })
    }

    /// What is told of a refusal: whether two people may go on all the same, and what that would lose.
    pub(super) fn may_be_accepted(&self, seen: &Snapshot) -> MoveCheck {
        let (found, verdict) = match decide_acceptance(seen, &self.settings.failover, self.wall()) {
            Ok((to, loss)) => (
                format!("yes, with --accept-loss: writes go to {to}, which {loss}"),
                MoveDecision::Proceed,
            ),
            Err(why) => (format!("no: {why}"), MoveDecision::Refuse),
        };
        MoveCheck {
            question: "two people may accept what would be lost".to_owned(),
            found,
            verdict,
        }
    }
}

/// What one person says, as it is decided by.
pub(super) fn order(by: &str, request: &MoveRequest) -> Order {
    Order {
        by: by.to_owned(),
        reason: request.reason.clone(),
        unfit_standby: said_of_unfit(request),
    }
}

/// What they say of a standby that is not fit.
pub(super) const fn said_of_unfit(request: &MoveRequest) -> UnfitStandby {
    if request.accept_loss {
        UnfitStandby::Accepted
    } else {
        UnfitStandby::Refused
    }
}

/// Whether what is asked of a loss makes sense at all; asked before anything is looked at.
pub(super) const fn check_acceptance(request: &MoveRequest) -> Result<(), MoveError> {
    match (request.accept_loss, request.kind) {
        (false, _) => Ok(()),
        (true, MoveKind::Switchover | MoveKind::Failback) => Err(MoveError::NothingToAccept(request.kind)),
        (true, MoveKind::Failover) if request.emergency => Err(MoveError::NotAlone),
        (true, MoveKind::Failover) => Ok(()),
    }
}

/// Whoever goes on alone, or gives data up, says why.
pub(super) fn check_reason(request: &MoveRequest) -> Result<(), MoveError> {
    if !request.reason.trim().is_empty() {
        return Ok(());
    }
    if request.emergency {
        return Err(MoveError::NoReason("an emergency"));
    }
    if request.accept_loss {
        return Err(MoveError::NoReason("to give data up"));
    }
    Ok(())
}

/// Whether somebody's word counts.
fn counts(settings: &FailoverSettings, by: &str) -> bool {
    settings.authorised_by.is_empty()
        || settings
            .authorised_by
            .iter()
            .any(|name| store::same_person(name, by))
}

/// How many people must agree beside the one who declares, whose own word counts if the tier names them.
pub(super) fn others_needed(settings: &FailoverSettings, declared_by: &str) -> usize {
    let own = usize::from(counts(settings, declared_by));
    match settings.authority {
        Authority::Automatic => 0,
        Authority::OnePerson => 1 - own,
        Authority::TwoPeople => 2 - own,
    }
}

/// How many must accept a loss beside the one who declares it.
pub(super) fn others_accepting(settings: &FailoverSettings, declared_by: &str) -> usize {
    ACCEPTING_PEOPLE - usize::from(counts(settings, declared_by))
}
