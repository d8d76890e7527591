//! What happens to files in a directory.

use std::{fs, path::Path};

use types::{EstateName, FileTree};

use super::{Change, Error, apply, compare, manifest::Manifest};

fn estate() -> EstateName {
    EstateName::new("example").unwrap()
}

fn tree(files: &[(&str, &str)]) -> FileTree {
    let mut tree = FileTree::new();
    for (path, content) in files {
        tree.insert(*path, *content).unwrap();
    }
    tree
}

fn render(directory: &Path, files: &[(&str, &str)]) {
    let tree = tree(files);
    let update = compare(directory, &estate(), &tree).unwrap();
    assert!(update.by_hand.is_empty(), "{:?}", update.by_hand);
    apply(directory, &estate(), &tree, &update).unwrap();
}

fn files_in(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path != Manifest::path(directory) {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn only_what_changed_is_touched_and_what_is_gone_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("out");
    render(&directory, &[("a/one", "1"), ("a/two", "2"), ("b/three", "3")]);
    let untouched = fs::metadata(directory.join("a/one")).unwrap().modified().unwrap();

    let next = tree(&[("a/one", "1"), ("a/two", "zwei"), ("c/four", "4")]);
    let update = compare(&directory, &estate(), &next).unwrap();
    assert_eq!(
        update
            .changes
            .iter()
            .map(|(path, change)| (path.as_str(), *change))
            .collect::<Vec<_>>(),
        [
            ("a/two", Change::Replace),
            ("b/three", Change::Remove),
            ("c/four", Change::Add)
        ]
    );
    assert_eq!(update.same, 1);
    apply(&directory, &estate(), &next, &update).unwrap();

    let wanted = [("a/one", "1"), ("a/two", "zwei"), ("c/four", "4")];
    assert_eq!(
        files_in(&directory),
        wanted.map(|(path, text)| (path.to_owned(), text.to_owned()))
    );
    assert!(!directory.join("b").exists());
    assert_eq!(
        fs::metadata(directory.join("a/one")).unwrap().modified().unwrap(),
        untouched
    );
    assert!(compare(&directory, &estate(), &next).unwrap().is_empty());
}

#[test]
fn what_a_person_changed_is_told_before_it_is_overwritten() {
    let home = tempfile::tempdir().unwrap();
    render(home.path(), &[("same", "1"), ("edited", "1"), ("dropped", "1")]);
    fs::write(home.path().join("edited"), "by hand").unwrap();
    fs::write(home.path().join("dropped"), "by hand").unwrap();
    fs::write(home.path().join("new"), "by hand").unwrap();
    fs::write(home.path().join("notes"), "not ours").unwrap();
    let next = tree(&[("same", "1"), ("edited", "2"), ("new", "2")]);
    let update = compare(home.path(), &estate(), &next).unwrap();
    assert_eq!(
        update.by_hand.iter().map(String::as_str).collect::<Vec<_>>(),
        ["dropped", "edited", "new"]
    );
    apply(home.path(), &estate(), &next, &update).unwrap();
    assert_eq!(fs::read_to_string(home.path().join("notes")).unwrap(), "not ours");
}

#[test]
fn a_directory_of_others_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("thesis.tex"), "").unwrap();
    let found = compare(home.path(), &estate(), &tree(&[("a", "1")]));
    assert!(matches!(found, Err(Error::Foreign(_))), "{found:?}");

    let other = tempfile::tempdir().unwrap();
    render(other.path(), &[("a", "1")]);
    let found = compare(
        other.path(),
        &EstateName::new("another").unwrap(),
        &tree(&[("a", "1")]),
    );
    assert!(matches!(found, Err(Error::OtherManifest { .. })), "{found:?}");
}

#[test]
fn a_link_is_never_followed_out_of_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let (directory, outside) = (home.path().join("out"), home.path().join("outside"));
    fs::create_dir(&outside).unwrap();
    render(&directory, &[("a/one", "1")]);
    std::os::unix::fs::symlink(&outside, directory.join("b")).unwrap();
    let next = tree(&[("a/one", "1"), ("b/two", "2")]);
    let update = compare(&directory, &estate(), &next).unwrap();
    let applied = apply(&directory, &estate(), &next, &update);
    assert!(matches!(applied, Err(Error::Odd(_))), "{applied:?}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_killed_run_is_finished_by_the_next_whatever_it_renders() {
    let home = tempfile::tempdir().unwrap();
    render(home.path(), &[("a", "old"), ("b", "old")]);
    // A run that dies after the first file: the second one cannot be replaced.
    let second = tree(&[("a", "second"), ("b", "second")]);
    let update = compare(home.path(), &estate(), &second).unwrap();
    fs::remove_file(home.path().join("b")).unwrap();
    fs::create_dir(home.path().join("b")).unwrap();
    assert!(apply(home.path(), &estate(), &second, &update).is_err());
    assert_eq!(fs::read_to_string(home.path().join("a")).unwrap(), "second");
    fs::remove_dir(home.path().join("b")).unwrap();
    fs::write(home.path().join("b"), "old").unwrap();

    render(home.path(), &[("a", "third"), ("b", "third")]);
    assert!(
        compare(home.path(), &estate(), &tree(&[("a", "third"), ("b", "third")]))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn half_a_file_of_a_killed_run_is_ours_and_half_a_file_of_a_finished_one_is_not() {
    let home = tempfile::tempdir().unwrap();
    render(home.path(), &[("a", "1")]);
    // A run that dies: what it adds second cannot be written, and what it added first is there in part.
    let second = tree(&[("a", "1"), ("b", "long text"), ("c", "2")]);
    let update = compare(home.path(), &estate(), &second).unwrap();
    fs::create_dir(home.path().join("c")).unwrap();
    assert!(apply(home.path(), &estate(), &second, &update).is_err());
    fs::remove_dir(home.path().join("c")).unwrap();
    fs::write(home.path().join("b"), "long").unwrap();

    let update = compare(home.path(), &estate(), &second).unwrap();
    assert_eq!(update.by_hand.len(), 0, "{update:?}");
    apply(home.path(), &estate(), &second, &update).unwrap();
    assert!(compare(home.path(), &estate(), &second).unwrap().is_empty());

    fs::write(home.path().join("b"), "long").unwrap();
    let update = compare(home.path(), &estate(), &second).unwrap();
    assert!(update.by_hand.contains("b"), "{update:?}");
}
