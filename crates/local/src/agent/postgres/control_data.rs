//! What a data directory says about itself (`pg_controldata`).

use std::{path::Path, time::Duration};

use types::Lsn;

use crate::agent::supervise::{
    spawner::Spawner,
    tool::{self, Tool},
};

const TIME_MAX: Duration = Duration::from_secs(10);

/// The control file of a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlData {
    /// Which cluster this is a copy of.
    pub system: u64,
    /// How the server ended.
    pub state: ClusterState,
    /// The timeline: of the last checkpoint, or of the last replayed record when that is further.
    pub timeline: u32,
    /// A position that this copy certainly has.
    pub position: Lsn,
    /// Size of a WAL segment.
    pub segment_bytes: u64,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterState {
    /// As a primary, cleanly.
    ShutDown,
    /// As a standby, cleanly.
    ShutDownInRecovery,
    /// As a standby, by a crash.
    InArchiveRecovery,
    /// As a primary, by a crash, or while it recovered from one.
    Crashed,
}

impl ControlData {
    /// Reads the control file.
    ///
    /// # Errors
    /// When the program fails or says something else than expected.
    pub async fn read(bin_dir: &Path, data_dir: &Path, spawner: &Spawner) -> Result<Self, tool::Error> {
        let args = vec!["-D".to_owned(), data_dir.display().to_string()];
        let tool = Tool::new(bin_dir.join("pg_controldata"), args, TIME_MAX).env("LC_ALL", "C");
        let text = tool.run(spawner).await?;
        parse(&text).ok_or_else(|| tool::Error::Failed {
            program: "pg_controldata".to_owned(),
            status: "understood too little".to_owned(),
            complaint: text,
        })
    }
}

fn parse(text: &str) -> Option<ControlData> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .map(str::trim)
    };
    let state = match value("Database cluster state")? {
        "shut down" => ClusterState::ShutDown,
        "shut down in recovery" => ClusterState::ShutDownInRecovery,
        "in archive recovery" => ClusterState::InArchiveRecovery,
        _ => ClusterState::Crashed,
    };
    let checkpoint: u32 = value("Latest checkpoint's TimeLineID")?.parse().ok()?;
    let replayed: u32 = value("Min recovery ending loc's timeline")?.parse().ok()?;
    let checkpoint_at: Lsn = value("Latest checkpoint location")?.parse().ok()?;
    let replayed_to: Lsn = value("Minimum recovery ending location")?.parse().ok()?;
    Some(ControlData {
        system: value("Database system identifier")?.parse().ok()?,
        state,
        timeline: checkpoint.max(replayed),
        position: checkpoint_at.max(replayed_to),
        segment_bytes: value("Bytes per WAL segment")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_file_of_a_standby_is_read() {
        let text = "pg_control version number:            1300\n\
                    Database system identifier:           7300000000000000001\n\
                    Database cluster state:               in archive recovery\n\
                    Latest checkpoint location:           0/2000060\n\
                    Latest checkpoint's TimeLineID:       1\n\
                    Minimum recovery ending location:     0/3000158\n\
                    Min recovery ending loc's timeline:   2\n\
                    Bytes per WAL segment:                16777216\n";
        let expected = ControlData {
            system: 7_300_000_000_000_000_001,
            state: ClusterState::InArchiveRecovery,
            timeline: 2,
            position: "0/3000158".parse().unwrap(),
            segment_bytes: 16 << 20,
        };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse(""), None);
    }
}
