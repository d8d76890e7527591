//! What is promised of files that a partner leaves on its SFTP server (OpenSSH's) or in a directory of ours, and of those
//! that we put there.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    process::Command,
};

use api::gateway::{
    GatewayStatus,
    lanes::{DeadCause, Files},
};
use serde_json::{Value, json};
use types::{
    Span,
    settings::{AfterFile, EdiDocument, FilesFrom, FilesSettings, IdempotencySource, ProofSettings},
};
use world::{
    World,
    leaving::{OURS, sending},
    order,
    partner::confirmed,
    sshd::Sshd,
};

const ORDERS: &str = include_str!("../../edi/tests/samples/850-4010.edi");

async fn world_of(sshd: &Sshd, after: AfterFile) -> World {
    let from = sshd.settings();
    World::start_with(|settings| {
        let one = &mut settings.integrations[0];
        one.proof = ProofSettings::Unavailable;
        one.idempotency = IdempotencySource::File;
        one.files = Some(FilesSettings {
            from: FilesFrom::Sftp(from.clone()),
            directory: ".".to_owned(),
            after: after.clone(),
            answers: None,
            every: Span::from_millis(50),
            temporary: vec![".part".to_owned()],
        });
    })
    .await
}

fn moved() -> AfterFile {
    AfterFile::Move {
        done: "done".to_owned(),
        quarantine: "quarantine".to_owned(),
    }
}

/// Under its name when it is whole: the gateway looks every 50 ms, and an empty file that it sees twice is one that was
/// left empty.
fn leave(directory: &Path, name: &str, body: &str) {
    let part = directory.join(format!("{name}.part"));
    std::fs::write(&part, body).unwrap();
    std::fs::rename(part, directory.join(name)).unwrap();
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Names in a directory; none where there is none.
fn names(directory: PathBuf) -> BTreeSet<String> {
    let found = std::fs::read_dir(directory).into_iter().flatten();
    found
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

fn files(status: &GatewayStatus) -> Files {
    status.lanes[0].files.clone().unwrap()
}

/// Looks so often that a file which could be taken was.
async fn looks(world: &World, times: usize) {
    let mut seen = BTreeSet::new();
    while seen.len() <= times {
        let status = world.west.until(|status| files(status).listed.is_some()).await;
        seen.insert(files(&status).listed);
    }
}

fn numbers(world: &World) -> Vec<String> {
    let inbox = world.west_erp.inbox();
    inbox
        .payloads
        .values()
        .map(|one| one["number"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_when_it_is_whole_and_applied_once_whoever_is_killed() {
    let sshd = Sshd::start();
    let at = sshd.files();
    let mut world = world_of(&sshd, moved()).await;
    leave(&at, "early.json", &order("PO-1", 1));
    leave(&at, "half.json.part", &order("PO-2", 1));
    looks_unled(&world).await;
    world.west.lead(1, true).await;
    world.west.until(|status| files(status).taken == 1).await;
    looks(&world, 3).await;
    assert_eq!(
        names(at.clone()),
        ["done", "half.json.part"].map(String::from).into()
    );
    std::fs::rename(at.join("half.json.part"), at.join("half.json")).unwrap();
    world.west.until(|status| status.lanes[0].delivered == 2).await;
    // Stored, but it cannot be renamed: the gateway is killed in between.
    world.west.until(|status| files(status).waiting == 0).await;
    mode(&at.join("done"), 0o555);
    leave(&at, "late.json", &order("PO-3", 1));
    world.west.until(|status| status.lanes[0].delivered == 3).await;
    let status = world.west.until(|status| files(status).away.is_some()).await;
    assert!(files(&status).away.unwrap().contains("rename"), "{status:?}");
    world.west.kill();
    mode(&at.join("done"), 0o755);
    world.west.start().await;
    world.west.lead(2, true).await;
    world
        .west
        .until(|status| files(status).taken == 1 && files(status).waiting == 0)
        .await;
    assert_eq!(
        names(at.join("done")),
        ["early.json", "half.json", "late.json"].map(String::from).into()
    );
    assert_eq!(numbers(&world).len(), 3);
    assert_eq!(world.west_erp.inbox().effects.len(), 3);
    assert_eq!(world.west.ids().await.len(), 3);
}

/// A gateway that does not lead does not look.
async fn looks_unled(world: &World) {
    let status = world.west.until(|_| true).await;
    assert_eq!(status.lanes[0].files, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_thousand_files_is_applied_once_through_a_failover() {
    let sshd = Sshd::start();
    let at = sshd.files();
    let mut world = world_of(&sshd, moved()).await.synchronised().await;
    for number in 0..1000 {
        leave(
            &at,
            &format!("order-{number}.json"),
            &order(&format!("PO-{number}"), 1),
        );
    }
    world.west.until(|status| files(status).taken > 200).await;
    world.west.kill();
    world.east.lead(2, true).await;
    world
        .east
        .until(|status| status.lanes[0].delivered == 1000 && files(status).waiting == 0)
        .await;
    assert_eq!(names(at.join("done")).len(), 1000);
    assert_eq!(names(at), ["done"].map(String::from).into());
    let inbox = world.east_erp.inbox();
    let numbers: BTreeSet<_> = inbox
        .payloads
        .values()
        .map(|one| one["number"].to_string())
        .collect();
    assert_eq!((inbox.effects.len(), numbers.len()), (1000, 1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_put_aside_and_an_operator_finds_it() {
    let sshd = Sshd::start();
    let at = sshd.files();
    let world = world_of(&sshd, moved()).await;
    leave(&at, "text.json", "not json");
    leave(&at, "large.json", &"x".repeat(17 << 10));
    leave(&at, "two\nlines.json", &order("PO-1", 1));
    leave(&at, "up\\..\\x.json", &order("PO-2", 1));
    std::fs::write(at.join(OsStr::from_bytes(b"\xff.json")), order("PO-3", 1)).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", at.join("link.json")).unwrap();
    leave(&at, "good.json", &order("PO-4", 1));
    world.west.lead(1, true).await;
    world.west.until(|status| status.lanes[0].delivered == 1).await;
    world
        .west
        .until(|status| files(status).refused == 5 && files(status).waiting == 0)
        .await;
    assert_eq!(numbers(&world), ["PO-4"]);
    let left = ["done", "link.json", "quarantine", "\u{fffd}.json"].map(String::from);
    assert_eq!(names(at.clone()), left.into());
    assert_eq!(names(at.join("quarantine")).len(), 4);
    let operator = world.west.operator();
    let letters = operator.dead_letters(None).await.unwrap().letters;
    assert_eq!(letters.len(), 5);
    assert!(letters.iter().all(|one| one.cause == DeadCause::File));
    let why: BTreeSet<_> = letters.iter().map(|one| one.why.clone()).collect();
    let why: Vec<_> = why.into_iter().collect();
    for (line, expected) in why.iter().zip([
        "PL0777: `large.json`: a file may have at most 16384 bytes",
        "PL0777: `text.json`: the file is not JSON",
        "PL0777: `two\\nlines.json`: its name",
        "PL0777: `up\\\\..\\\\x.json`: its name",
        "PL0777: `\u{fffd}.json`: its name",
    ]) {
        assert!(line.starts_with(expected), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_another_one_is_told_and_nothing_is_sent_to_it() {
    let mut sshd = Sshd::start();
    let at = sshd.files();
    let world = world_of(&sshd, moved()).await;
    sshd.stop();
    world.west.lead(1, true).await;
    let away = |status: &GatewayStatus, word: &str| files(status).away.is_some_and(|why| why.contains(word));
    world.west.until(|status| away(status, "cannot be reached")).await;
    leave(&at, "order.json", &order("PO-1", 1));
    sshd.start_another();
    world.west.until(|status| away(status, "PL0775")).await;
    assert_eq!(names(at.clone()), ["order.json"].map(String::from).into());
    sshd.stop();
    sshd.start_again();
    let status = world.west.until(|status| status.lanes[0].delivered == 1).await;
    assert_eq!(files(&status).away, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_partner_forbids_renaming_the_journal_knows_what_was_taken() {
    let sshd = Sshd::start();
    let at = sshd.files();
    let mut world = world_of(&sshd, AfterFile::Leave).await.synchronised().await;
    for number in 0..20 {
        leave(&at, &format!("{number}.json"), &order(&format!("PO-{number}"), 1));
    }
    world.west.until(|status| status.lanes[0].delivered == 20).await;
    looks(&world, 3).await;
    world.west.kill();
    world.east.lead(2, true).await;
    leave(&at, "20.json", &order("PO-20", 1));
    world
        .east
        .until(|status| status.lanes[0].delivered == 21 && files(status).taken == 21)
        .await;
    assert_eq!(world.east_erp.inbox().effects.len(), 21);
    assert_eq!(names(at).len(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_this_machine_is_watched_in_the_same_way() {
    let drop = tempfile::tempdir().unwrap();
    let at = drop.path().to_owned();
    let mut world = World::start_with(|settings| {
        for (index, format) in [(0, None), (2, Some("answers".to_owned()))] {
            let one = &mut settings.integrations[index];
            let directory = at.join(one.name.as_str());
            std::fs::create_dir_all(&directory).unwrap();
            one.proof = ProofSettings::Unavailable;
            one.idempotency = IdempotencySource::File;
            one.files = Some(FilesSettings {
                from: FilesFrom::Here,
                directory: directory.display().to_string(),
                after: moved(),
                answers: format,
                every: Span::from_millis(50),
                temporary: vec![".part".to_owned()],
            });
        }
    })
    .await;
    let (json, edi) = (at.join("acme-edi"), at.join("acme-x12"));
    leave(&json, "good.json", &order("PO-1", 1));
    leave(&json, "half.json.part", &order("PO-2", 1));
    std::os::unix::fs::symlink("/etc/hostname", json.join("link.json")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(json.join("pipe.json"))
            .status()
            .unwrap()
            .success()
    );
    std::fs::write(edi.join("orders.x12"), ORDERS).unwrap();
    leave(&edi, "text.x12", "no interchange");
    world.west.lead(1, true).await;
    world
        .west
        .until(|status| status.lanes[0].delivered == 1 && status.lanes[2].accepted == 2)
        .await;
    let settled = |status: &GatewayStatus| {
        let edi = status.lanes[2].files.as_ref();
        edi.is_some_and(|one| one.taken == 1 && one.refused == 1 && one.waiting == 0)
    };
    world.west.until(settled).await;
    looks(&world, 2).await;
    let left = ["done", "half.json.part", "link.json", "pipe.json"].map(String::from);
    assert_eq!(names(json), left.into());
    assert_eq!(
        names(edi.clone()),
        ["answers", "done", "quarantine"].map(String::from).into()
    );
    let answers = names(edi.join("answers"));
    let answer = std::fs::read_to_string(edi.join("answers").join(answers.first().unwrap())).unwrap();
    assert!(
        answers.len() == 1 && answer.contains("TA1*000000077*"),
        "{answer}"
    );
    world.west.kill();
    std::fs::rename(edi.join("done/orders.x12"), edi.join("orders.x12")).unwrap();
    world.west.start().await;
    world.west.lead(2, true).await;
    let again = |status: &GatewayStatus| status.lanes[2].files.as_ref().is_some_and(|one| one.taken == 1);
    let status = world.west.until(again).await;
    assert_eq!(status.lanes[2].accepted, 2);
    assert_eq!(names(edi.join("answers")), answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_reach_a_partners_server_once_each_whatever_fails() {
    let mut sshd = Sshd::start();
    let server = serde_json::to_value(sshd.settings()).unwrap();
    let world = World::start_with(|settings| {
        let target = json!({ "sftp": { "server": server, "directory": "." } });
        let edi = settings.integrations[2].edi.as_mut().unwrap();
        edi.send = vec![EdiDocument::OrderResponse];
        settings.integrations[2].outbound =
            Some(serde_json::from_value(json!({ "events": [], "target": target })).unwrap());
        sending(
            settings,
            "files",
            json!({ "events": ["order.confirmed"], "target": target }),
        );
    })
    .await;
    sshd.stop();
    world.west.lead(1, true).await;
    for (id, lane) in [("e-1", "files"), ("e-2", "acme-x12")] {
        let event = confirmed(id, lane, "PO-EXAMPLE-1");
        world.west_erp.inbox().events.push(event);
    }
    world
        .west
        .until(|status| status.lanes[OURS].documents.is_some_and(|one| one.unsent == 1))
        .await;
    sshd.start_again();
    world
        .west
        .until(|status| status.lanes[OURS].documents.is_some_and(|one| one.unsent == 0))
        .await;
    world
        .west
        .until(|status| {
            status.lanes[2]
                .documents
                .is_some_and(|one| one.unacknowledged == 1)
        })
        .await;
    let found = Vec::from_iter(names(sshd.files()));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("855-") && found[1] == "order.confirmed-e-1.json",
        "{found:?}"
    );
    let whole = std::fs::read_to_string(sshd.files().join(&found[1])).unwrap();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(
        (&whole["id"], &whole["payload"]["order"]),
        (&json!("e-1"), &json!("S00042"))
    );
}

/// A lane of the world, whose events go to the server.
async fn putting(sshd: &Sshd) -> World {
    let server = serde_json::to_value(sshd.settings()).unwrap();
    World::start_with(|settings| {
        let target = json!({ "sftp": { "server": server, "directory": "." } });
        let outbound = json!({ "events": ["order.confirmed"], "target": target });
        sending(settings, "files", outbound);
    })
    .await
}

async fn until_named(
    world: &World,
    sshd: &Sshd,
    wanted: impl Fn(&BTreeSet<String>) -> bool,
) -> BTreeSet<String> {
    world.west.until(|_| wanted(&names(sshd.files()))).await;
    names(sshd.files())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_killed_before_it_renames_leaves_one_whole_file_and_nothing_beside_it() {
    let (file, part) = ("order.confirmed-e-1.json", "order.confirmed-e-1.json.part");
    let mut sshd = Sshd::start();
    let mut world = putting(&sshd).await;
    // What is written stays under its temporary name, so the kill comes between the write and the rename for certain.
    sshd.stop();
    sshd.start_without_renames();
    world.west.lead(1, true).await;
    let mut event = confirmed("e-1", "files", "PO-EXAMPLE-1");
    let lines: Vec<Value> = (0..400)
        .map(|line| json!({ "sku": format!("TST-{line:04}"), "quantity": 1 }))
        .collect();
    event["payload"]["lines"] = json!(lines);
    world.west_erp.inbox().events.push(event);
    let whole = |text: &str| serde_json::from_str::<Value>(text).is_ok();
    let written = || std::fs::read_to_string(sshd.files().join(part)).is_ok_and(|text| whole(&text));
    world.west.until(|_| written()).await;
    world.west.kill();
    assert_eq!(names(sshd.files()), BTreeSet::from([part.to_owned()]));
    // As a kill in the middle of the write leaves it.
    let half = std::fs::read(sshd.files().join(part)).unwrap().len() / 2;
    std::fs::File::options()
        .write(true)
        .open(sshd.files().join(part))
        .unwrap()
        .set_len(half as u64)
        .unwrap();

    sshd.stop();
    sshd.start_again();
    world.west.start().await;
    world.west.lead(1, true).await;
    let found = until_named(&world, &sshd, |names| names.contains(file)).await;
    let sent = |status: &GatewayStatus| status.lanes[OURS].documents.is_some_and(|one| one.unsent == 0);
    world.west.until(sent).await;
    assert_eq!(found, BTreeSet::from([file.to_owned()]));
    assert_eq!(names(sshd.files()), found, "once, and nothing beside it");
    let text = std::fs::read_to_string(sshd.files().join(file)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["payload"]["lines"].as_array().unwrap().len(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_replaces_nothing_is_never_asked_to_remove_a_file_first() {
    let (first, second, third) = (
        "order.confirmed-e-1.json",
        "order.confirmed-e-2.json",
        "order.confirmed-e-3.json",
    );
    let mut sshd = Sshd::start();
    let world = putting(&sshd).await;
    sshd.stop();
    sshd.start_without_renames();
    world.west.lead(1, true).await;
    let send = |id: &str| {
        let event = confirmed(id, "files", "PO-EXAMPLE-1");
        world.west_erp.inbox().events.push(event);
    };
    send("e-1");
    let part = sshd.files().join(format!("{first}.part"));
    let whole = std::cell::RefCell::default();
    let written = || {
        let text = std::fs::read(&part).unwrap_or_default();
        let is_whole = serde_json::from_slice::<Value>(&text).is_ok();
        whole.replace(text);
        is_whole
    };
    world.west.until(|_| written()).await;
    sshd.stop();
    // It is as if it had been renamed and nobody had heard; and somebody else has the second one's name.
    let (at, theirs) = (sshd.files().join(first), sshd.files().join(second));
    std::fs::write(&at, whole.take()).unwrap();
    std::fs::write(&theirs, "theirs").unwrap();
    for file in [&at, &theirs] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let same = || {
        (
            std::fs::metadata(&at).unwrap().ino(),
            std::fs::metadata(&theirs).unwrap().ino(),
        )
    };
    let before = same();
    sshd.start_without_replacing();
    send("e-2");
    send("e-3");
    world.west.until(|status| status.lanes[OURS].rejected == 1).await;
    let sent = |status: &GatewayStatus| status.lanes[OURS].documents.is_some_and(|one| one.unsent == 0);
    world.west.until(sent).await;
    let expected = BTreeSet::from([first, second, third].map(str::to_owned));
    assert_eq!(names(sshd.files()), expected, "whole ones alone");
    assert_eq!(same(), before, "neither was removed");
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
    let letters = world.west.operator().dead_letters(None).await.unwrap().letters;
    assert_eq!(letters[0].message_id, "order.confirmed/e-2");
    assert!(letters[0].why.contains("PL0637"), "{}", letters[0].why);
}
