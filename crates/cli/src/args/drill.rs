//! What drills can be asked.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use types::{IntegrationName, Span};

use super::{Output, Which};

#[derive(Debug, Subcommand)]
pub enum Drill {
    /// Kill the active region outright under load, wait for the recovery, reconcile, count
    RegionLoss(RegionLoss),
    /// Move writes to the other region as planned, under load and with somebody logged in
    Switchover(Rehearse),
    /// Kill the active region under load, start it again, and wait until the other one could be lost
    Failback(Rehearse),
    /// Kill one component of the active region under load; it comes back by itself, and no writes move
    Component(LoseComponent),
    /// Kill the controller under load and start it again later; business goes on meanwhile
    ControlPlane(LoseControlPlane),
    /// Keep messages from being delivered for a while under load; they are stored, told of, and delivered afterwards
    IntegrationOutage(LoseIntegration),
    /// Cut the link between two sites silently for a while, under load; nothing moves, and it is made whole again
    Partition(CutLinks),
    /// Make whole what a partition drill cut, once it has ended; started by the drill itself
    #[command(hide = true)]
    MendPartition(MendLinks),
    /// Replace every certificate by one that lives for moments, and that one by the next, under load
    Credentials(ExpireCredentials),
    /// Tell which drills the calendar plans, how old their proof is, and why none is run now
    Schedule(ScheduledDrills),
    /// Tell which drill is to be run now, and run it with --run; for a timer, which may ask as often as it likes
    Due(DueDrill),
    /// Write units of systemd that run drills when the calendar says so
    Timer(TimerOfDrills),
    /// End the drill that runs; what it did is taken back
    Abort(AbortDrill),
}

#[derive(Clone, Debug, clap::Args)]
pub struct CutLinks {
    #[command(flatten)]
    pub rehearse: Rehearse,
    /// Which link: that between the `regions`, between the active region and the controller, which is the `witness`, or
    /// between the standby region and it (`standby-witness`)
    #[arg(long, value_enum, default_value_t = Between::Regions)]
    pub between: Between,
    /// Which packets vanish: `both` ways, or those alone that go `out` of the active region or come `in` to it (of the
    /// standby region, where that is the one that is cut off from the witness)
    #[arg(long, value_enum, default_value_t = Direction::Both)]
    pub direction: Direction,
    /// How long it lasts: 5s to 5m
    #[arg(long, default_value = "15s", value_name = "TIME")]
    pub lasts: Span,
}

/// Whose link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Between {
    Regions,
    Witness,
    StandbyWitness,
}

/// Which packets vanish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    Both,
    Out,
    In,
}

#[derive(Clone, Debug, clap::Args)]
pub struct MendLinks {
    #[command(flatten)]
    pub which: Which,
    /// At the latest after this long, even while whoever started it lives
    #[arg(long, value_name = "TIME")]
    pub within: Span,
}

#[derive(Clone, Debug, clap::Args)]
pub struct ScheduledDrills {
    #[command(flatten)]
    pub which: Which,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct DueDrill {
    #[command(flatten)]
    pub which: Which,
    /// Run it
    #[arg(long)]
    pub run: bool,
    /// How to show what is due: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text, conflicts_with = "run")]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct TimerOfDrills {
    /// Where to, such as /etc/systemd/system
    pub directory: PathBuf,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Clone, Debug, clap::Args)]
pub struct AbortDrill {
    #[command(flatten)]
    pub which: Which,
}

#[derive(Clone, Debug, clap::Args)]
pub struct ExpireCredentials {
    #[command(flatten)]
    pub rehearse: Rehearse,
    /// How long the first ones live
    #[arg(long, default_value = "40s", value_name = "TIME")]
    pub life: Span,
}

#[derive(Clone, Debug, clap::Args)]
pub struct LoseComponent {
    /// Which one; `all` takes one after the other
    #[arg(value_enum)]
    pub component: Component,
    #[command(flatten)]
    pub rehearse: Rehearse,
}

#[derive(Clone, Debug, clap::Args)]
pub struct LoseControlPlane {
    #[command(flatten)]
    pub rehearse: Rehearse,
    /// How long the controller stays away
    #[arg(long, default_value = "10s", value_name = "TIME")]
    pub away: Span,
    /// Lose the active region in the same moment: nobody can take over before the controller is back
    #[arg(long)]
    pub with_region: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub struct RegionLoss {
    #[command(flatten)]
    pub rehearse: Rehearse,
    /// Freeze replication this long before the kill, so that the standby's database really lacks commits and the
    /// journal has to repair it
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub wal_loss: Span,
    /// What happens to the region: `kill` ends every process of it (SIGKILL), `freeze-database` stops its PostgreSQL in
    /// place (SIGSTOP)
    #[arg(long, value_enum, default_value_t = Fault::Kill)]
    pub fault: Fault,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Rehearse {
    #[command(flatten)]
    pub which: Which,
    /// On what: the `live` estate, or a `copy` of it, which will be made of restored backups and is not there yet
    #[arg(long, value_enum, default_value_t = On::Live, value_name = "WHAT")]
    pub on: On,
    /// How often, 1 to 1000 times; each run begins with the region that is active then
    #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub runs: u16,
    /// Seed of the random moments; printed, so that a drill can be repeated with the same ones
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Orders posted per second, 1 to 200
    #[arg(long, default_value_t = 5, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub rate: u16,
    /// Earliest moment of the kill or move after the load began
    #[arg(long, default_value = "3s", value_name = "TIME")]
    pub kill_after_min: Span,
    /// Latest moment of the kill or move after the load began
    #[arg(long, default_value = "8s", value_name = "TIME")]
    pub kill_after_max: Span,
    /// Give up on a recovery after this long
    #[arg(long, default_value = "2m", value_name = "TIME")]
    pub timeout: Span,
    /// Only tell what would be done to whom, and whether it could begin now; the answer is no (1) when it could not
    #[arg(long)]
    pub dry_run: bool,
    /// Write evidence here instead of the estate's own directory
    #[arg(long, value_name = "DIR")]
    pub evidence: Option<PathBuf>,
    /// How to show the result: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// What a drill is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum On {
    Live,
    Copy,
}

// Variants of both enums carry no doc comments: clap would blow up every help to explain `json`.
#[derive(Clone, Debug, clap::Args)]
pub struct LoseIntegration {
    #[command(flatten)]
    pub rehearse: Rehearse,
    /// What is away: `erp-hangs` stops the processes in place that apply messages in the ERP (SIGSTOP), `lane-paused`
    /// lets one lane rest as a person would
    #[arg(long, value_enum, default_value_t = Outage::ErpHangs)]
    pub outage: Outage,
    /// Stand in for a partner to whom a lane posts and whom the estate file puts on this machine
    /// (`http://127.0.0.1:PORT/…`), and be `refusing` (503) or `slow`
    #[arg(long, value_enum, conflicts_with = "outage")]
    pub how: Option<How>,
    /// How late a slow partner answers, 1s to 2m; the gateway waits for 20 s
    #[arg(long, default_value = "25s", value_name = "TIME", requires = "how")]
    pub answers_after: Span,
    /// Which lane sends to the partner whom the drill stands in for; by default the first that does
    #[arg(long, value_name = "NAME", requires = "how")]
    pub lane: Option<IntegrationName>,
    /// How long it lasts
    #[arg(long, default_value = "20s", value_name = "TIME")]
    pub away: Span,
}

/// What a partner does whom a drill stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    Refusing,
    Slow,
}

/// Why messages cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Outage {
    ErpHangs,
    LanePaused,
}

/// A component of the active region. Background jobs run in the scheduler here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Component {
    Web,
    Live,
    Integration,
    #[value(alias = "worker", alias = "jobs", alias = "cron")]
    Scheduler,
    Gateway,
    Redis,
    Ingress,
    FrontDoor,
    Database,
    All,
}

/// What is done to the active region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    Kill,
    FreezeDatabase,
}
