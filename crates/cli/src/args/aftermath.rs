//! What can be asked after a recovery.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use types::{IntegrationName, PartnerName, SiteName, Span};

use super::{Output, Which};

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List the jobs that are held; the answer is no (1) when there are any
    List {
        #[command(flatten)]
        which: Which,
        /// How to show them: for people, or for programs
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Let held jobs run again
    Release(ReleaseJobs),
}

#[derive(Clone, Debug, clap::Args)]
pub struct ReleaseJobs {
    /// Jobs, as `plimsoll jobs list` names them
    #[arg(required_unless_present = "class", conflicts_with = "class")]
    pub jobs: Vec<String>,
    /// All that are held for this reason
    #[arg(long, value_enum)]
    pub class: Option<JobsClass>,
    /// Why; it is written down
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub which: Which,
}

/// Why a job is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JobsClass {
    /// It waits until journal and ERP agree
    NeedsKey,
    /// It never runs by itself
    Never,
}

#[derive(Clone, Debug, clap::Args)]
pub struct FallbackPack {
    /// The site, as the estate file names it
    #[arg(long, value_name = "NAME", required_unless_present = "due")]
    pub site: Option<SiteName>,
    /// Every site whose pack is older than it may be; for a timer, which may ask as often as it likes
    #[arg(long, conflicts_with_all = ["site", "warehouse"])]
    pub due: bool,
    /// How old a pack may become, with --due [default: the site's `packAge` in the estate file]
    #[arg(long, value_name = "TIME", requires = "due")]
    pub older_than: Option<Span>,
    /// Tell this file when each pack was made, with --due: for the collector of text files of the machine's exporter
    #[arg(long, value_name = "FILE", requires = "due")]
    pub metrics: Option<PathBuf>,
    /// Which database is read first: that of the region that leads, or a standby's, which costs the other nothing
    /// [default: leader; with --due, standby]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub from: Option<ReadFrom>,
    /// Code of its warehouse in the ERP [default: the one whose code is in the site's name]
    #[arg(long, value_name = "CODE")]
    pub warehouse: Option<String>,
    /// Directory for the pack, made if it does not exist; with --due, for a directory of each site [default: below the
    /// estate's own]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How many labels to set aside for it; 0: the last ones again. Only the region that leads can [default: 40; with
    /// --due, 0]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=500), value_name = "COUNT")]
    pub labels: Option<u32>,
    /// How long people may work with it
    #[arg(long, default_value = "12h", value_name = "TIME")]
    pub valid: Span,
    #[command(flatten)]
    pub which: Which,
}

// Variants carry no doc comments: clap would blow up the help to explain them.
/// Whose database a pack is read from first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReadFrom {
    Leader,
    Standby,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Inform {
    #[command(flatten)]
    pub about: About,
    /// Only to this partner
    #[arg(long, value_name = "NAME")]
    pub partner: Option<PartnerName>,
    /// Write about an outage that is shorter than what was declared
    #[arg(long)]
    pub anyway: bool,
    /// Directory with templates of your own: `en.txt`, `de.txt`
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// The estate file [default: as it was started]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub which: Which,
}

/// What partners are told about.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct About {
    /// A recovery: a report in the evidence such as `reconciliation-2`, or `last`
    #[arg(long, value_name = "ID")]
    pub recovery: Option<String>,
    /// A drill in the evidence; every draft says that it is an exercise
    #[arg(long, value_name = "ID")]
    pub drill: Option<String>,
    /// An integration that does not deliver for longer than was declared
    #[arg(long, value_name = "LANE")]
    pub outage: Option<IntegrationName>,
}
