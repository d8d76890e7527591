//! Every link between our pages leads to a file that there is, and to a heading in it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Where pages are, below the repository.
const ROOMS: [&str; 10] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "addons",
    "bench",
    "docs",
    "examples",
    "policies",
    "tests/rendered/schemas",
];

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let (mut broken, mut followed) = (BTreeSet::new(), 0);
    for (page, text) in &pages {
        for link in links(text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                _ => page.parent().unwrap().join(file),
            };
            let Ok(target) = target.canonicalize() else {
                broken.insert(format!("{}: {link}", page.display()));
                continue;
            };
            let has = |text: &String| headings(text).contains(heading);
            if !heading.is_empty() && !pages.get(&target).is_some_and(has) {
                broken.insert(format!("{}: {link} (no such heading)", page.display()));
            }
        }
    }
    assert!(followed > 200, "only {followed} links were found");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_heading_is_known_by_its_words() {
    let text = "# One `two`, three: *four*\n```\n# no heading\n```\n## One [two](x.md)\n## One two\n";
    let known = ["one-two-three-four", "one-two", "one-two-1"];
    assert_eq!(headings(text), known.map(str::to_owned).into());
}

fn pages() -> BTreeMap<PathBuf, String> {
    fn below(path: PathBuf, found: &mut BTreeMap<PathBuf, String>) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                below(entry.unwrap().path(), found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path.canonicalize().unwrap(), text);
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeMap::new();
    for room in ROOMS {
        below(root.join(room), &mut found);
    }
    found
}

/// What stands outside of blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// Targets of `[words](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let after = |line| str::split(line, "](").skip(1);
    prose(text)
        .flat_map(after)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
}

/// The names of a page's headings, as forges make them: words in lower case, with hyphens; the same once more with a number.
fn headings(text: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for line in prose(text) {
        let words = line.trim_start_matches('#');
        if words.len() == line.len() || !words.starts_with(' ') {
            continue;
        }
        let mut shown = String::new();
        for (at, part) in words.trim().split("](").enumerate() {
            let part = if at == 0 {
                part
            } else {
                part.split_once(')').map_or(part, |(_, rest)| rest)
            };
            shown.push_str(part);
        }
        let name: String = shown
            .to_lowercase()
            .chars()
            .filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'))
            .map(|one| if one == ' ' { '-' } else { one })
            .collect();
        let again = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone())
            .chain(again)
            .find(|name| !known.contains(name));
        known.extend(free);
    }
    known
}
