//! The steps of the pipelines that need nothing but a desk, run as the pipelines run them.
//!
//! What needs a registry, Docker or a scanner (`build-image`, `scan-image`, `check-migration`) is checked by its syntax
//! alone, in the check of rendered trees.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const WINDOWS: &str = r#"{"calendars": {
    "docks": {
        "timeZone": "Europe/Amsterdam",
        "windows": [
            {"days": ["tue", "thu"], "from": "20:00", "to": "02:00"},
            {"days": ["sun"], "from": "08:00", "to": "12:00"}
        ],
        "freezes": [{"from": "2026-11-20", "to": "2026-12-31", "why": "peak season"}]
    },
    "finance": {
        "timeZone": "UTC",
        "windows": [{"days": ["thu", "fri"], "from": "00:00", "to": "22:00"}],
        "freezes": []
    }
}}"#;

fn asset(path: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("assets/delivery")
            .join(path),
    )
    .unwrap()
}

fn run(program: &str, arguments: &[&str], directory: &Path) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_release_begins_in_a_window_of_every_calendar_it_concerns_and_never_in_a_freeze() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("bin")).unwrap();
    fs::write(home.path().join("bin/may-release"), asset("bin/may-release")).unwrap();
    fs::write(home.path().join("windows.json"), WINDOWS).unwrap();
    let ask = |arguments: &[&str]| {
        let all: Vec<_> = std::iter::once("bin/may-release")
            .chain(arguments.iter().copied())
            .collect();
        run("python3", &all, home.path())
    };
    for (calendar, at, allowed) in [
        // Tuesday evening, and the hours after midnight that belong to it.
        ("docks", "2026-06-02T20:00:00+02:00", true),
        ("docks", "2026-06-02T19:59:00+02:00", false),
        ("docks", "2026-06-03T01:59:00+02:00", true),
        ("docks", "2026-06-03T02:00:00+02:00", false),
        // Wednesday evening is no window, although Tuesday's and Thursday's are.
        ("docks", "2026-06-03T21:00:00+02:00", false),
        // The same instant, told from elsewhere.
        ("docks", "2026-06-02T18:00:00+00:00", true),
        // In winter the same clock is another instant.
        ("docks", "2026-02-03T19:00:00+00:00", true),
        ("docks", "2026-02-03T18:00:00+00:00", false),
        // Frozen, both ends included.
        ("docks", "2026-11-22T09:00:00+01:00", false),
        ("docks", "2026-11-15T09:00:00+01:00", true),
        ("finance", "2026-11-20T09:00:00+00:00", true),
    ] {
        let output = ask(&["--calendar", calendar, "--at", at]);
        let code = i32::from(!allowed);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{calendar} {at}: {}",
            said(&output)
        );
    }

    // All calendars together: Thursday evening in Amsterdam, while it is not yet ten in UTC.
    assert_eq!(ask(&["--at", "2026-06-04T21:30:00+02:00"]).status.code(), Some(0));
    let refused = ask(&["--at", "2026-06-02T21:00:00+02:00"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("next: 2026-06-04T20:00:00+02:00"),
        "{}",
        said(&refused)
    );
    let frozen = ask(&["--calendar", "docks", "--at", "2026-11-26T21:00:00+01:00"]);
    assert!(said(&frozen).contains("peak season"), "{}", said(&frozen));
    assert_eq!(ask(&["--calendar", "nobody"]).status.code(), Some(64));
    assert_eq!(ask(&["--at", "2026-06-02T21:00:00"]).status.code(), Some(64));
}

#[test]
fn promotion_moves_an_environment_forward_only() {
    let home = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str], directory: &Path| {
        let identity = [
            "-c",
            "user.name=example",
            "-c",
            "user.email=example@example.invalid",
        ];
        let all: Vec<_> = identity.iter().chain(arguments).copied().collect();
        let output = run("git", &all, directory);
        assert!(output.status.success(), "git {arguments:?}: {}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["init", "--quiet", "--bare", "origin"], home.path());
    git(&["clone", "--quiet", "origin", "work"], home.path());
    let work = home.path().join("work");
    fs::create_dir_all(work.join("delivery/bin")).unwrap();
    fs::write(work.join("delivery/bin/promote"), asset("bin/promote")).unwrap();
    let commit = |message: &str| {
        git(
            &["commit", "--quiet", "--allow-empty", "--message", message],
            &work,
        );
        git(&["rev-parse", "HEAD"], &work)
    };
    let (first, second) = (commit("first"), commit("second"));
    let promote = |commit: &str| {
        run("sh", &["delivery/bin/promote", "staging", commit], &work)
            .status
            .code()
    };
    let runs = || git(&["ls-remote", "origin", "refs/heads/environments/staging"], &work);

    assert_eq!(promote(&first), Some(0));
    assert_eq!(promote(&second), Some(0));
    assert!(runs().starts_with(&second));
    // Backwards would take away what was released since; so would another history.
    assert_eq!(promote(&first), Some(1));
    git(&["checkout", "--quiet", &first], &work);
    let aside = commit("aside");
    assert_eq!(promote(&aside), Some(1));
    assert!(runs().starts_with(&second));
}

#[test]
fn a_base_without_a_digest_is_refused_before_anything_is_built() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("bin")).unwrap();
    fs::write(home.path().join("bin/build-image"), asset("bin/build-image")).unwrap();
    let arguments = [
        "bin/build-image",
        ".",
        "registry.example/odoo",
        "1",
        "registry.example/base:19",
    ];
    let output = run("sh", &arguments, home.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("by digest"), "{}", said(&output));
}
