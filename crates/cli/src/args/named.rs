//! Every command of ours that a page, a message, a runbook or a policy names is one that there is, with its options.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory as _, Parser as _};

use super::Args;

/// Where names of commands stand.
const ROOMS: [&str; 9] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "addons",
    "bench",
    "crates",
    "docs",
    "examples",
    "policies",
];
/// What comes in them as text.
const TEXTS: [&str; 7] = ["md", "rs", "py", "rego", "yaml", "xml", "tf"];
/// How every one of them begins.
const OURS: &str = "plimsoll ";

#[test]
fn every_command_that_is_named_somewhere_exists() {
    let mut root = Args::command();
    root.build();
    let (mut wrong, mut found) = (BTreeSet::new(), 0);
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap();
        for words in named_in_words(&text).chain(lines(&path, &text)) {
            found += 1;
            if let Err(why) = walk(&root, &words) {
                wrong.insert(format!("{}: `{OURS}{words}`: {why}", path.display()));
            }
        }
    }
    assert!(found > 300, "only {found} commands were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_line_to_be_typed_is_understood() {
    let (mut wrong, mut found) = (BTreeSet::new(), 0);
    for path in texts() {
        for words in lines(&path, &fs::read_to_string(&path).unwrap()) {
            found += 1;
            let typed = std::iter::once("plimsoll").chain(words.split_whitespace());
            if let Err(error) = Args::try_parse_from(typed) {
                wrong.insert(format!("{}: `{OURS}{words}`: {error}", path.display()));
            }
        }
    }
    assert!(found > 20, "only {found} lines were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let mut root = Args::command();
    root.build();
    for words in [
        "drill region-loss --runs 20 --seed 78",
        "gateway personal export|erase LANE",
        "logs [component] -f",
        "drill … --on copy",
        "up FILE --site NAME=ADDRESS@NAMESPACE …",
    ] {
        assert_eq!(walk(&root, words), Ok(()), "{words}");
    }
    for words in [
        "drill region-los",
        "gateway phantoms",
        "gateway personal export|delete LANE",
        "status --json",
        "logs -z",
        "check a b",
    ] {
        assert!(walk(&root, words).is_err(), "{words}");
    }
}

/// Follows a command as far as it is written down: words in capitals, brackets and dots stand for something.
fn walk(command: &Command, words: &str) -> Result<(), String> {
    let mut tokens = words.split_whitespace().peekable();
    let mut reached = vec![command];
    let mut positionals = 0;
    while let Some(token) = tokens.next() {
        if token == "…" && !reached.iter().any(|one| one.has_subcommands()) {
            // And so on.
        } else if token.starts_with('-') && token.len() > 1 {
            let option = token.split_once('=').map_or(token, |(name, _)| name);
            let given = |command: &&Command| command.get_arguments().find(|one| is(one, option)).cloned();
            let one = reached.iter().find_map(given);
            let Some(one) = one else {
                return Err(format!("there is no {option}"));
            };
            let takes_value = one.get_action().takes_values();
            if takes_value && option == token && tokens.peek().is_some_and(|next| !next.starts_with('-')) {
                tokens.next();
            }
        } else if stands_for_something(token) && reached.iter().any(|one| one.has_subcommands()) {
            // Whatever is meant: its options are somewhere below.
            reached = reached.into_iter().flat_map(below).collect();
        } else if reached.iter().all(|one| one.has_subcommands()) {
            let next = token.split('|').map(|name| {
                let inside = reached.iter().find_map(|one| one.find_subcommand(name));
                inside.ok_or_else(|| format!("there is no `{name}`"))
            });
            reached = next.collect::<Result<_, _>>()?;
        } else {
            positionals += 1;
            let takes = |one: &&Command| one.get_positionals().map(most).sum::<usize>() >= positionals;
            if !reached.iter().any(takes) {
                return Err(format!("`{token}` is one too many"));
            }
        }
    }
    Ok(())
}

fn below(command: &Command) -> Vec<&Command> {
    let inside = command.get_subcommands().flat_map(below);
    inside.chain(std::iter::once(command)).collect()
}

fn is(argument: &Arg, option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument.get_short() == option.chars().nth(1),
    }
}

fn most(argument: &Arg) -> usize {
    argument.get_num_args().map_or(1, |count| count.max_values())
}

fn stands_for_something(token: &str) -> bool {
    token.starts_with(['[', '<', '{', '…', '(']) || token.chars().all(|one| one.is_uppercase() || one == '_')
}

/// In running text: between backticks.
fn named_in_words(text: &str) -> impl Iterator<Item = String> {
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    spans
        .filter_map(|span| span.strip_prefix(OURS))
        .map(|words| words.replace("\\|", "|"))
}

/// In a page: lines of a block that stand for what is typed, without what is said beside them.
fn lines(path: &Path, text: &str) -> impl Iterator<Item = String> {
    let page = path.extension().is_some_and(|extension| extension == "md");
    let blocks = text.split("```").skip(1).step_by(2).filter(move |_| page);
    let lines = blocks
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix(OURS));
    lines.map(|line| {
        let typed = line.split(" #").next().unwrap_or_default();
        typed.split("   ").next().unwrap_or_default().trim().to_owned()
    })
}

fn texts() -> Vec<PathBuf> {
    fn below(path: PathBuf, found: &mut Vec<PathBuf>) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                below(entry.unwrap().path(), found);
            }
        } else if path
            .extension()
            .is_some_and(|one| TEXTS.iter().any(|text| one == *text))
        {
            found.push(path);
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for room in ROOMS {
        below(root.join(room), &mut found);
    }
    let this = Path::new(file!()).file_name();
    found.retain(|path| path.file_name() != this);
    found
}
