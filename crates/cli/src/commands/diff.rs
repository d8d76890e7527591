//! `plimsoll diff OLD NEW`: what a change means, in business words first, then file by file.

use std::collections::BTreeMap;

use serde_json::json;
use similar::TextDiff;
use types::FileTree;

use crate::{
    args::{self, Output},
    compile,
    failure::{Exit, Failure},
    talk::Talk,
};

/// Lines of context around a change.
const CONTEXT: usize = 3;

pub fn run(request: &args::Diff, talk: &Talk) -> Result<Exit, Failure> {
    let (Some(old), Some(new)) = (
        compile::plan(&request.old, talk)?,
        compile::plan(&request.new, talk)?,
    ) else {
        return Ok(Exit::No);
    };
    let difference = plan::diff((&old.estate, &old.blueprint), (&new.estate, &new.blueprint));
    let (before, after) = (compile::render(&old.blueprint)?, compile::render(&new.blueprint)?);
    let files = changed_files(&before, &after);
    match request.output {
        Output::Json => {
            let files: Vec<_> = files.iter().map(FileChange::to_json).collect();
            anstream::println!("{:#}", json!({ "business": difference, "files": files }));
        }
        Output::Text => {
            anstream::print!("{difference}");
            tell_files(&files, request.lines);
        }
    }
    Ok(Exit::Done)
}

/// One file that differs.
struct FileChange<'t> {
    path: &'t str,
    old: &'t str,
    new: &'t str,
    added: usize,
    removed: usize,
}

impl FileChange<'_> {
    fn kind(&self) -> &'static str {
        match (self.old.is_empty(), self.new.is_empty()) {
            (true, _) => "new",
            (_, true) => "gone",
            _ => "changed",
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json!({ "path": self.path, "kind": self.kind(), "added": self.added, "removed": self.removed })
    }
}

fn changed_files<'t>(old: &'t FileTree, new: &'t FileTree) -> Vec<FileChange<'t>> {
    let mut both: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (path, text) in old.iter() {
        both.entry(path.as_str()).or_default().0 = text;
    }
    for (path, text) in new.iter() {
        both.entry(path.as_str()).or_default().1 = text;
    }
    both.into_iter()
        .filter(|(_, (old, new))| old != new)
        .map(|(path, (old, new))| {
            let diff = TextDiff::from_lines(old, new);
            let count = |tag| {
                diff.iter_all_changes()
                    .filter(|change| change.tag() == tag)
                    .count()
            };
            FileChange {
                path,
                old,
                new,
                added: count(similar::ChangeTag::Insert),
                removed: count(similar::ChangeTag::Delete),
            }
        })
        .collect()
}

fn tell_files(files: &[FileChange<'_>], lines: bool) {
    if files.is_empty() {
        anstream::println!("No rendered file changes.");
        return;
    }
    anstream::println!("{} rendered files change:", files.len());
    for file in files {
        anstream::println!(
            "  {:<8} {} (+{} -{})",
            file.kind(),
            file.path,
            file.added,
            file.removed
        );
        if lines {
            let diff = TextDiff::from_lines(file.old, file.new);
            let shown = diff
                .unified_diff()
                .context_radius(CONTEXT)
                .header(&format!("a/{}", file.path), &format!("b/{}", file.path))
                .to_string();
            anstream::print!("{shown}");
        }
    }
}
