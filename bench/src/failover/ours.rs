//! Our side: an estate of its own, brought up, drilled and destroyed with the `plimsoll` program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;
use recovery::evidence::{Evidence, Run};
use types::Timestamp;

/// The example with two regions, an automatic failover, and a probe for capturing orders.
const EXAMPLE: &str = "examples/estates/two-warehouse-distributor.yaml";
const EXAMPLE_NAME: &str = "name: two-warehouse-distributor";

/// An estate that runs; destroyed when dropped.
pub struct Estate {
    plimsoll: PathBuf,
    name: String,
}

impl Estate {
    /// Brings the example up under a name of its own.
    pub fn up(plimsoll: &Path, directory: &Path) -> anyhow::Result<Self> {
        let name = format!("bench-failover-{}", std::process::id());
        let text = fs::read_to_string(EXAMPLE).with_context(|| format!("read {EXAMPLE}"))?;
        anyhow::ensure!(text.contains(EXAMPLE_NAME), "{EXAMPLE} has another name");
        let file = directory.join("estate.yaml");
        fs::write(&file, text.replace(EXAMPLE_NAME, &format!("name: {name}")))?;
        let estate = Self {
            plimsoll: plimsoll.to_path_buf(),
            name,
        };
        let status = Command::new(plimsoll).arg("up").arg(&file).status()?;
        anyhow::ensure!(status.success(), "plimsoll up ended with {status}");
        Ok(estate)
    }

    /// Loses the active region so often.
    pub fn drill(&self, runs: u32, seed: u64) -> anyhow::Result<Evidence> {
        let output = Command::new(&self.plimsoll)
            .args(["drill", "region-loss", "--output", "json", "--estate", &self.name])
            .args(["--runs", &runs.to_string(), "--seed", &seed.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        // A broken promise is a result too.
        anyhow::ensure!(
            matches!(output.status.code(), Some(0 | 1)),
            "the drill ended with {}",
            output.status
        );
        read(&output.stdout)
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        let destroyed = Command::new(&self.plimsoll)
            .args(["destroy", "--yes", "--estate", &self.name])
            .stdout(Stdio::null())
            .status();
        if !destroyed.is_ok_and(|status| status.success()) {
            println!("the estate {} could not be destroyed", self.name);
        }
    }
}

/// A drill's evidence.
pub fn read(text: &[u8]) -> anyhow::Result<Evidence> {
    let evidence: Evidence = serde_json::from_slice(text).context("the evidence cannot be read")?;
    anyhow::ensure!(!evidence.simulated, "a simulated drill measures nothing");
    Ok(evidence)
}

/// One clock of all runs: milliseconds from the fault; a run that does not have it is left out.
pub fn clock(evidence: &Evidence, at: impl Fn(&Run) -> Option<Timestamp>) -> Vec<u64> {
    let runs = evidence.runs.iter();
    runs.filter_map(|run| u64::try_from(at(run)?.since(run.fault_at).as_millis()).ok())
        .collect()
}
