//! Mistakes planted on purpose, to show that the simulator finds them.
//!
//! None of them is in the code of the product: each is a place of the simulated world that does otherwise than the real
//! one would, or hands the product's code something that it must never be handed.
//! Without the feature `planted-bugs` no mistake can be chosen, and the compiler drops every one of these places.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A candidate leads as soon as it has promises, without waiting until older grants have run out.
    PromotesWithoutWaiting,
    /// A holder counts its term from the answer instead of the question.
    CountsTheTermFromTheAnswer,
    /// A voter that is started anew takes it that it has granted nothing.
    VoterForgetsGrants,
    /// The witness forgets on a restart what it promised, and promises it again to somebody else.
    WitnessVotesTwice,
    /// A region obeys a fence of an older generation.
    FencesByOldGenerations,
    /// A fence is answered before the database is dead.
    AnswersTheFenceBeforeTheKill,
    /// A message is acknowledged with two copies before the other region has it.
    AcknowledgesBeforeTheCopy,
    /// A follower stores for a leader of an older generation, and that leader does not step back.
    CopiesForOldLeaders,
    /// A gateway that follows again drops what only it has, without offering it.
    DropsTheSuffix,
    /// After a recovery everything is applied again, without asking the inbox.
    ReplaysWithoutAsking,
    /// A gateway of an older generation writes past the fence row.
    DeliversBesideTheFenceRow,
    /// What was restored or promoted sends before the comparison is done.
    SendsBeforeTheComparison,
    /// Effects are sent before the other region knows that they will be.
    SendsWithoutAMark,
    /// The old data is removed before the new copy streams.
    DropsTheOldCopyFirst,
    /// A controller that is started again forgets the saga that ran.
    ForgetsTheSaga,
    /// Whether a standby is fit is taken from the position it has received, not from stream, timeline and lag.
    FitByPositionAlone,
    /// Decisions are made from what was known at the beginning: nothing that was heard ever gets old.
    TrustsOldSights,
    /// The reconciler works beside a saga that has not recorded its decision.
    ReconcilesBesideASaga,
    /// Journals are told that they are synced, always, and never are.
    NeverSyncs,
    /// A message whose delivery failed is tried again beside its line, and the next of its key goes on.
    RetriesBesideTheLine,
    /// A delivery without an answer counts as done.
    TakesSilenceForDone,
    /// A lane whose breaker has opened is not asked again.
    BreakerNeverCloses,
    /// The ERP does not look into its inbox before it applies a message.
    AppliesWithoutInbox,
    /// A delivery without an answer counts as refused.
    TakesSilenceForRefusal,
    /// All messages of a lane stand in one line.
    OneLineForAll,
    /// A gateway that is told to lead does not look which lanes people have paused.
    ForgetsPauses,
    /// A saga whose last steps wait keeps every failover back until it ends.
    NeverGivesWay,
}

#[cfg(feature = "planted-bugs")]
impl Bug {
    /// Those that a test shows to be found.
    pub const FOUND: [Self; 27] = [
        Self::PromotesWithoutWaiting,
        Self::CountsTheTermFromTheAnswer,
        Self::AnswersTheFenceBeforeTheKill,
        Self::AcknowledgesBeforeTheCopy,
        Self::DropsTheSuffix,
        Self::ReplaysWithoutAsking,
        Self::SendsBeforeTheComparison,
        Self::SendsWithoutAMark,
        Self::DropsTheOldCopyFirst,
        Self::ForgetsTheSaga,
        Self::FitByPositionAlone,
        Self::TrustsOldSights,
        Self::VoterForgetsGrants,
        Self::WitnessVotesTwice,
        Self::FencesByOldGenerations,
        Self::CopiesForOldLeaders,
        Self::DeliversBesideTheFenceRow,
        Self::ReconcilesBesideASaga,
        Self::NeverSyncs,
        Self::NeverGivesWay,
        Self::RetriesBesideTheLine,
        Self::TakesSilenceForDone,
        Self::BreakerNeverCloses,
        Self::AppliesWithoutInbox,
        Self::ForgetsPauses,
        Self::TakesSilenceForRefusal,
        Self::OneLineForAll,
    ];
}
