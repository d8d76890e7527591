//! What can be asked.

mod aftermath;
mod drill;
#[cfg(test)]
mod named;
mod recover;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use types::{EstateName, RegionName, Span, TenantName, host::SitePlace};

use crate::commands::gateway::args::Gateway;

pub use aftermath::{FallbackPack, Inform, Jobs, JobsClass, ReadFrom, ReleaseJobs};
pub use drill::{
    Between, Component, CutLinks, Direction, Drill, DueDrill, ExpireCredentials, Fault, How, LoseComponent,
    LoseControlPlane, LoseIntegration, MendLinks, On, Outage, RegionLoss, Rehearse, ScheduledDrills,
    TimerOfDrills,
};
pub use recover::{Disaster, Migration, Recover};

/// Resilience for Odoo in logistics: declare an estate, run it as two regions, rehearse its loss, prove the recovery.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub struct Args {
    // The environment is read by hand: clap would show its value in every help, and count it as given in usage lines.
    /// Where Plimsoll keeps things on this machine [env: PLIMSOLL_HOME] [default: /var/lib/plimsoll as root, else
    /// ~/.local/share/plimsoll]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Say nothing but errors and results
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check an estate file; nothing is started
    Check {
        /// The estate file
        file: PathBuf,
        /// How to show what was found: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Ask what the business needs, recommend tenancy and recovery posture with reasons, and write an estate file
    Init(Init),
    /// Explain an error code (`PL0101`) or a key of the estate file (`spec.tiers.rto`)
    Explain {
        /// A code, or a path of keys
        what: String,
    },
    /// Show what would be made of an estate on Azure and Kubernetes, and why
    Plan {
        /// The estate file
        file: PathBuf,
        /// How to show it: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Render an estate for Azure and Kubernetes: Terraform, manifests, monitoring, delivery, runbooks
    Render(Render),
    /// Compare two estate files: in business words first, then file by file
    Diff(Diff),
    /// Judge estates by policies, and test policies
    #[command(subcommand)]
    Policy(Policy),
    /// Print the JSON Schema of estate files, for editors
    Schema,
    /// Start an estate on this machine as two regions, or what is missing of it
    Up {
        /// The estate file
        file: PathBuf,
        /// The tenant to run, where the estate has several
        #[arg(long, value_name = "NAME")]
        tenant: Option<TenantName>,
        /// Use this Odoo instead of the installed one: a directory with venv/, dist/ and VERSION [env: PLIMSOLL_ODOO]
        #[arg(long, value_name = "DIR")]
        odoo: Option<PathBuf>,
        /// Give a site (a region, `front-door`, `controller`) an address of its own, and a network namespace to run in
        #[arg(long = "site", value_name = "NAME=ADDRESS[@NAMESPACE]")]
        sites: Vec<SitePlace>,
        /// Give up waiting when the estate is not protected by then
        #[arg(long, default_value = "5m", value_name = "TIME")]
        timeout: Span,
    },
    /// Stop everything of an estate and nothing else; its data stays
    Down(Which),
    /// Stop an estate and remove its data, after saying what
    Destroy {
        #[command(flatten)]
        which: Which,
        /// Remove it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Show how an estate is: roles, generation, lag, components, capabilities
    Status {
        #[command(flatten)]
        which: Which,
        /// How to show it: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Show the logs of an estate's components
    Logs {
        /// A component (`odoo-web`), a region, or `region/component`; all when left out
        component: Option<String>,
        #[command(flatten)]
        which: Which,
        /// Go on showing what is added
        #[arg(short, long)]
        follow: bool,
        /// How many of the last lines to begin with
        #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
        lines: usize,
    },
    /// Show when the estate's certificates end, or make new ones while everything runs
    #[command(subcommand)]
    Certificates(Certificates),
    /// Move writes to the other region as planned: nothing is lost, nobody is refused or logged out
    Switchover(Move),
    /// Bring a region that was lost back as a standby, until the estate could lose the other one
    Failback(Move),
    /// Move writes away from a region that is lost or cannot be trusted
    Failover(Move),
    /// Show how a tenant would go back to a backup, and what that loses; carrying it out is not there yet
    Recover(Recover),
    /// Authorise a move that somebody else declared
    Approve(Approve),
    /// Stop a recovery before its point of no return, and take back what it did
    Abort(Abort),
    /// Print what a recovery does, step by step
    Runbook {
        /// Which: `switchover`, `failover`, …; lists them when left out
        saga: Option<String>,
    },
    /// Try thousands of disasters against a simulated world; needs no estate, and proves no recovery
    Simulate(Simulate),
    /// Rehearse a disaster on the running estate, measure the recovery and leave evidence
    #[command(subcommand)]
    Drill(Drill),
    /// See and steer the lanes of the integration gateway
    #[command(subcommand)]
    Gateway(Gateway),
    /// See and release scheduled jobs of the ERP that are held since a recovery
    #[command(subcommand)]
    Jobs(Jobs),
    /// Write drafts for partners about a recovery, an outage or a drill; nothing is sent
    Inform(Inform),
    /// Make what a site works with on paper while the ERP is away: open work, and labels nobody else gets
    FallbackPack(FallbackPack),
    /// Check what drills left behind; works without the estate and without a network
    #[command(subcommand)]
    Evidence(Evidence),
}

#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Verify signatures, order and files of a chain of evidence
    Verify(EvidenceVerify),
    /// Tell over all drills whether promises are kept, and whether recovery becomes slower
    Trend(EvidenceTrend),
}

#[derive(Clone, Debug, clap::Args)]
pub struct EvidenceVerify {
    /// Directory with the chain; by default the evidence of the estate on this machine
    pub directory: Option<PathBuf>,
    #[command(flatten)]
    pub which: Which,
    /// Public key that must have signed it, `ed25519:…` or a file with it; by default the one beside the chain, which proves
    /// that nothing was changed, but not who signed
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Digest of an entry that must be there, as printed by an earlier verification: proves that the end was not cut off
    #[arg(long, value_name = "DIGEST")]
    pub head: Option<String>,
    /// How to show the result: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct EvidenceTrend {
    /// Directory with the chain; by default the evidence of the estate on this machine
    pub directory: Option<PathBuf>,
    #[command(flatten)]
    pub which: Which,
    /// Write a page for people here; it needs no network and no scripts
    #[arg(long = "out", short = 'o', value_name = "FILE")]
    pub page: Option<PathBuf>,
    /// Public key that must have signed the chain, `ed25519:…` or a file with it; by default the one beside the chain
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// How to show the result: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Init {
    /// Where the estate file goes
    #[arg(default_value = "estate.yaml")]
    pub file: PathBuf,
    /// Answer a question beforehand, such as `--answer warehouses=3`; may be repeated
    #[arg(long, value_name = "QUESTION=ANSWER")]
    pub answer: Vec<String>,
    /// Take the default for every question that is not answered
    #[arg(long)]
    pub defaults: bool,
    /// List the questions with their defaults, and ask nothing
    #[arg(long)]
    pub questions: bool,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Render {
    /// The estate file
    pub file: PathBuf,
    /// Directory for the rendered files; made if it does not exist
    #[arg(long = "out", short, value_name = "DIR")]
    pub output: PathBuf,
    /// Change nothing; the answer is no (1) when the directory differs from the estate
    #[arg(long)]
    pub check: bool,
    /// Replace files that were changed by hand
    #[arg(long)]
    pub overwrite: bool,
    /// Render without asking the policy gate
    #[arg(long)]
    pub no_policy: bool,
    /// Judge as on this day, for waivers and ages of scans [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<jiff::civil::Date>,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Diff {
    /// The estate file as it was
    pub old: PathBuf,
    /// The estate file as it will be
    pub new: PathBuf,
    /// Show the changed lines of every file
    #[arg(long)]
    pub lines: bool,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Judge an estate: its plan and everything that is rendered from it
    Check(PolicyCheck),
    /// Run the tests of your own policy packs
    Test {
        /// Directory with packs of Rego modules, one directory per pack
        directory: PathBuf,
        /// How to show the result: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// List the policies, with code, pack and reason
    List {
        /// Directory with packs of your own
        #[arg(long, value_name = "DIR")]
        packs: Option<PathBuf>,
        /// How to show them: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub struct PolicyCheck {
    /// The estate file
    pub file: PathBuf,
    /// Directory with packs of your own, judged beside the built-in ones
    #[arg(long, value_name = "DIR")]
    pub packs: Option<PathBuf>,
    /// Judge this rendered directory instead of rendering anew
    #[arg(long, value_name = "DIR")]
    pub rendered: Option<PathBuf>,
    /// Judge as on this day, for waivers and ages of scans [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<jiff::civil::Date>,
    /// How to show the report: for people, for programs, or for code scanning
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub output: ReportFormat,
}

/// How a policy report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Text,
    Json,
    Sarif,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Simulate {
    /// How many seeds
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..), value_name = "COUNT")]
    pub seeds: u64,
    /// The first seed; with `--seeds 1`, the only one
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub seed: u64,
    /// What goes wrong: anything, region-loss, partition, grey, control-plane, clocks, disks, people, double, moves, scenes, journals, lost-again, lanes
    #[arg(long, default_value = "anything", value_name = "NAME")]
    pub scenario: simulator::Scenario,
    /// How many at the same time [default: one per core]
    #[arg(long, value_name = "COUNT")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Tell what happens under the first seed, line by line
    #[arg(long)]
    pub transcript: bool,
    /// How to show the result: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum Certificates {
    /// Show every certificate with its end; the answer is no (1) when one ends within 30 days
    List {
        #[command(flatten)]
        which: Which,
        /// How to show it: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Make every program a new certificate; nothing is started again
    Rotate(RotateCertificates),
}

#[derive(Clone, Debug, clap::Args)]
pub struct RotateCertificates {
    #[command(flatten)]
    pub which: Which,
    /// How long the new ones live
    #[arg(long, default_value = "365d", value_name = "TIME")]
    pub life: Span,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Move {
    #[command(flatten)]
    pub which: Which,
    /// Where writes go, or which region comes back; the other one when left out
    #[arg(long, value_name = "REGION")]
    pub to: Option<RegionName>,
    /// Show the plan and its reasons, and change nothing; the answer is no (1) when it may not begin
    #[arg(long)]
    pub dry_run: bool,
    /// Begin without asking
    #[arg(long)]
    pub yes: bool,
    /// Who declares it [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why; written down
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Begin without the second person where one is needed; needs --reason, and is written down as an emergency
    #[arg(long)]
    pub emergency: bool,
    /// Of a failover that is refused because the standby is not fit: go on without what it lacks; another person has to
    /// accept that too, in every tier. Needs --reason
    #[arg(long, conflicts_with = "emergency")]
    pub accept_loss: bool,
    /// After a failback: move the writes to the region that came back
    #[arg(long)]
    pub then_switchover: bool,
    /// Give up watching after this long; the saga goes on
    #[arg(long, default_value = "30m", value_name = "TIME")]
    pub timeout: Span,
    /// Print plan and record as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Approve {
    /// The move, as printed when it was declared
    pub id: String,
    #[command(flatten)]
    pub which: Which,
    /// Who authorises it; not who declared it [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Give up watching after this long; the saga goes on
    #[arg(long, default_value = "30m", value_name = "TIME")]
    pub timeout: Span,
    /// Print plan and record as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Abort {
    /// The saga, as `plimsoll status` shows it
    pub id: String,
    #[command(flatten)]
    pub which: Which,
    /// Only tell what would be taken back
    #[arg(long)]
    pub dry_run: bool,
    /// Abort without asking
    #[arg(long)]
    pub yes: bool,
    /// Who [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why; written down
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Which estate.
#[derive(Clone, Debug, clap::Args)]
pub struct Which {
    /// The estate; may be left out when there is only one on this machine
    #[arg(long, value_name = "NAME")]
    pub estate: Option<EstateName>,
}

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}
