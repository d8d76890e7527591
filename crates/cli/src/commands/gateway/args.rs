//! What can be asked of the gateway.

use clap::Subcommand;
use types::IntegrationName;

use super::{journal::Journal, mapping::Map};
use crate::args::{Output, Which};

#[derive(Debug, Subcommand)]
pub enum Gateway {
    /// List the lanes: whether they deliver, what waits, what was given up
    Lanes(Lanes),
    /// Show one lane: its limits, who stopped it and why, what is stuck
    Show(Show),
    /// List the sites whose scans come in: what lacks, how late they come, whether their clocks are right
    Sites(Sites),
    /// Stop delivering on a lane until somebody resumes it; messages go on being accepted and stored
    Pause(Pause),
    /// Deliver again what a paused lane has stored, in order
    Resume(Resume),
    /// List messages that are not delivered any more, with the reason
    DeadLetters(DeadLetters),
    /// Deliver dead letters again
    Replay(Replay),
    /// Tell what the last comparison with the ERP found, and what a person must look at
    Reconciliation(Reconciliation),
    /// Say that the ERP's database was taken back: it gets a new identity, and what it lacks is delivered again
    Reconcile(Reconcile),
    /// Write down what was decided about something that only one side knows
    Decide(Decide),
    /// Tell the life of one message: received, stored, copied, tried, applied or refused
    Trace(Trace),
    /// Find, export and erase personal data in messages
    #[command(subcommand)]
    Personal(Personal),
    /// Look into a journal's directory while its gateway is stopped
    #[command(subcommand)]
    Journal(Journal),
    /// Try a partner's mapping file on samples; needs no estate
    #[command(subcommand)]
    Map(Map),
}

#[derive(Debug, Subcommand)]
pub enum Personal {
    /// Print messages of a person as JSON, with what is in them
    Export(Export),
    /// Make what is in messages of a person unreadable, in both regions and for good
    Erase(Erase),
}

#[derive(Clone, Debug, clap::Args)]
pub struct Subject {
    /// Whose messages: the name of the integration
    pub lane: IntegrationName,
    /// Messages by id
    #[arg(
        long = "message",
        value_name = "ID",
        required_unless_present = "subject",
        conflicts_with = "subject"
    )]
    pub messages: Vec<String>,
    /// Messages in which this stands as a whole word: an e-mail address, an external id
    #[arg(long, value_name = "TEXT")]
    pub subject: Option<String>,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    pub subject: Subject,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Erase {
    #[command(flatten)]
    pub subject: Subject,
    /// Why; it is written down in the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Erase without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Lanes {
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Sites {
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// The lane: the name of its integration
    pub lane: IntegrationName,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Pause {
    /// The lane: the name of its integration
    pub lane: IntegrationName,
    /// Why; everybody who asks is told
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Resume {
    /// The lane: the name of its integration
    pub lane: IntegrationName,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct DeadLetters {
    /// Only those of this lane
    pub lane: Option<IntegrationName>,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Replay {
    /// Messages by key, or by `LANE/KEY`
    #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
    pub messages: Vec<String>,
    /// All dead letters of this lane
    #[arg(long, value_name = "LANE")]
    pub all_dead: Option<IntegrationName>,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Reconciliation {
    /// Keep the report beside the evidence of drills, and sign it
    #[arg(long)]
    pub sign: bool,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Reconcile {
    /// Why the database was taken back; it is written down
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Begin without asking
    #[arg(long)]
    pub yes: bool,
    /// Give up waiting after this long; the replay goes on
    #[arg(long, default_value = "1h", value_name = "TIME")]
    pub timeout: types::Span,
    #[command(flatten)]
    pub how: How,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Decide {
    /// The phantom, as `plimsoll gateway reconciliation` names it
    pub phantom: PhantomName,
    /// What holds
    pub verdict: Decided,
    /// Why; it is written down
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub how: How,
}

/// A phantom's name: `LANE/ID`.
#[derive(Clone, Debug)]
pub struct PhantomName {
    pub integration: IntegrationName,
    pub id: String,
}

impl std::str::FromStr for PhantomName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (integration, id) = text.split_once('/').ok_or("write LANE/ID")?;
        let integration = IntegrationName::new(integration).map_err(|error| error.to_string())?;
        let id = id.to_owned();
        Ok(Self { integration, id })
    }
}

impl std::fmt::Display for PhantomName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.integration, self.id)
    }
}

/// What can be decided.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Decided {
    /// It holds, and is entered into the ERP again
    ReImport,
    /// It does not hold; the partner is told so
    Cancel,
    /// It is as it should be
    Accept,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Trace {
    /// The message by key, or by `LANE/KEY`
    pub message: String,
    /// Show its body as it came, not only its shape; the gateway writes down that somebody did
    #[arg(long)]
    pub reveal: bool,
    #[command(flatten)]
    pub how: How,
}

/// Which estate, and how to show the answer.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    #[command(flatten)]
    pub which: Which,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}
