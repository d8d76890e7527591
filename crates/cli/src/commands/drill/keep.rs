//! Keeps what a drill leaves: the document, the page for people, every order of the load, and an entry in the chain that
//! vouches for them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use recovery::evidence::{Evidence, html};

use super::Rehearsal;
use super::load::Order;
use crate::{failure::Failure, open_estate::OpenEstate};

/// The document for machines.
pub const DOCUMENT: &str = "evidence.json";
/// The page for people.
pub const PAGE: &str = "evidence.html";

/// Removes a directory in which a drill that did not end its first run left nothing; nobody should look for evidence there.
#[derive(Debug)]
pub struct Emptied<'a>(pub &'a Path);

impl Drop for Emptied<'_> {
    fn drop(&mut self) {
        // Refused where anything is in it.
        let _ = fs::remove_dir(self.0);
    }
}

/// Where this drill's evidence goes.
pub fn directory(estate: &OpenEstate, request: &Rehearsal, drill: &str) -> Result<PathBuf, Failure> {
    let parent = request
        .evidence
        .clone()
        .unwrap_or_else(|| estate.layout.evidence());
    let directory = parent.join(format!("{}-{}", request.scenario, &drill[..8]));
    fs::create_dir_all(&directory).map_err(Failure::file("make the directory", &directory))?;
    std::path::absolute(&directory).map_err(Failure::file("resolve", &directory))
}

/// Writes document and page, each replaced as a whole.
pub fn evidence(directory: &Path, estate: &OpenEstate, evidence: &Evidence) -> Result<(), Failure> {
    let document = serde_json::to_vec_pretty(evidence)
        .map_err(|error| Failure::machine("PL0011", "cannot write the evidence as JSON").because(&error))?;
    let files = estate.home.files();
    files.file(&directory.join(DOCUMENT), &document)?;
    files.file(&directory.join(PAGE), html(evidence).as_bytes())?;
    Ok(())
}

/// Writes every order of one run, so that somebody else can count them too.
pub fn orders(directory: &Path, estate: &OpenEstate, run: u16, orders: &[Order]) -> Result<(), Failure> {
    let lines: Result<Vec<_>, _> = orders.iter().map(serde_json::to_string).collect();
    let lines = lines
        .map_err(|error| Failure::machine("PL0011", "cannot write the orders as JSON").because(&error))?;
    let path = directory.join(format!("orders-{run}.jsonl"));
    estate
        .home
        .files()
        .file(&path, (lines.join("\n") + "\n").as_bytes())?;
    Ok(())
}
