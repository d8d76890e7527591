//! Every code that a person can meet has a page in `docs/errors/`, and every page explains a code that there is.
//!
//! The index of the pages is made from them: `BLESS=1 cargo test -p plimsoll-cli --test error_pages`.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const INDEX_BEGIN: &str = "# Errors

Whatever Plimsoll reports has a code, and every code a page: what it means and what to do.
Codes never change their meaning.
Exit codes of `plimsoll`: 0 done, 1 the answer is no, 2 Plimsoll or the machine failed, 64 bad usage.

| codes | about |
| --- | --- |
| PL00xx | commands |
| PL01xx | the estate file; from PL0150 on warnings, which stop nothing |
| PL02xx | the machine: files, programs, ports, disk |
| PL03xx | the plan: of a local estate, and from PL0310 on for Azure |
| PL04xx | drills |
| PL05xx | answers of the estate's programs to each other |
| PL06xx | the gateway: answers to partners who post messages, and to operators |
| PL07xx | EDI, and files of partners |
| PL08xx | the policy gate and its policies |

| code | title |
| --- | --- |
";

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let pages: BTreeSet<String> = pages().into_keys().collect();
    let used = codes_in_the_product();
    assert!(used.len() > 50, "the search finds too little: {used:?}");
    let without_page: Vec<_> = used.difference(&pages).collect();
    let without_use: Vec<_> = pages.difference(&used).collect();
    assert!(
        without_page.is_empty() && without_use.is_empty(),
        "codes without a page in docs/errors: {without_page:?}; pages whose code nothing reports: {without_use:?}"
    );
}

#[test]
fn the_index_lists_every_page_with_its_title() {
    let rows = pages()
        .into_iter()
        .map(|(code, title)| format!("| [{code}]({code}.md) | {title} |\n"));
    let content = INDEX_BEGIN.to_owned() + &rows.collect::<String>();
    let file = repository().join("docs/errors/README.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &content).unwrap();
    }
    assert_eq!(
        content,
        fs::read_to_string(&file).unwrap_or_default(),
        "docs/errors/README.md differs from the pages; BLESS=1 writes it anew"
    );
}

#[test]
fn every_page_says_what_to_do() {
    for code in pages().keys() {
        let text = fs::read_to_string(repository().join(format!("docs/errors/{code}.md"))).unwrap();
        assert!(
            text.contains("**What to do.**") || text.contains("## What to do"),
            "docs/errors/{code}.md does not say what to do"
        );
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Code and title of every page; the first line must hold both.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for path in files_below(&repository().join("docs/errors")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "README" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let title = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(&format!("# {name}: ")))
            .unwrap_or_else(|| panic!("{} must begin with `# {name}: TITLE`", path.display()));
        pages.insert(name, title.to_owned());
    }
    pages
}

/// Codes in what is shipped: neither in tests nor in comments.
fn codes_in_the_product() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for path in files_below(&repository().join("crates"))
        .into_iter()
        .chain(files_below(&repository().join("addons")))
        .chain(files_below(&repository().join("policies")))
    {
        let comment = match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => "//",
            Some("py" | "rego") => "#",
            _ => continue,
        };
        if is_test(&path) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let shipped = text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .filter(|line| !line.trim_start().starts_with(comment));
        codes.extend(shipped.flat_map(codes_of));
    }
    codes
}

/// `tests/`, `tests.rs`, `failover_tests.rs`, `test_inbox.py`, `images_test.rego`; the last three are the house's ways to set tests apart.
fn is_test(path: &Path) -> bool {
    let relative = path.strip_prefix(repository()).unwrap();
    relative.components().any(|part| part.as_os_str() == "tests")
        || path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .is_some_and(|stem| {
                stem.ends_with("tests") || stem.ends_with("_test") || stem.starts_with("test_")
            })
}

fn codes_of(line: &str) -> Vec<String> {
    line.match_indices("PL")
        .filter_map(|(at, _)| line.get(at..at + 6))
        .filter(|code| code[2..].bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
