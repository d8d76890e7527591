//! What can be asked of the gateway.

use clap::Subcommand;

use crate::args::{Output, Which};

#[derive(Debug, Subcommand)]
pub enum Gateway {
    /// List the lanes: what came in, what waits, what was refused
    Lanes(Lanes),
}

impl Gateway {
    /// Which estate is meant.
    pub const fn which(&self) -> &Which {
        match self {
            Self::Lanes(request) => &request.how.which,
        }
    }
}

#[derive(Clone, Debug, clap::Args)]
pub struct Lanes {
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
