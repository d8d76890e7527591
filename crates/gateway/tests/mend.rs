//! A leader whose own journal is damaged: the other region's copy is the last good one.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    collections::BTreeSet,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::gateway::PeerState;
use world::{Node, PATIENCE, World, impatient, numbers, order};

fn segment(node: &Node) -> PathBuf {
    node.settings.journal.directory.join("seg-000000000001.log")
}

/// Flips a bit in what the journal of a stopped gateway says of a message.
fn damage(node: &Node, number: &str) {
    let mut bytes = std::fs::read(segment(node)).unwrap();
    let at = bytes
        .windows(number.len())
        .position(|window| window == number.as_bytes())
        .unwrap();
    bytes[at] ^= 1;
    std::fs::write(segment(node), bytes).unwrap();
}

fn set_aside(node: &Node) -> usize {
    let directory = node.settings.journal.directory.join("set-aside");
    std::fs::read_dir(directory).unwrap().count()
}

/// Waits until a gateway's log says something.
async fn until_told(directory: &Path, node: &Node, words: &str) {
    let path = directory.join(format!("{}.log", node.settings.region));
    let began = Instant::now();
    loop {
        let log = std::fs::read_to_string(&path).unwrap();
        if log.contains(words) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "never told: {words}\n{log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_leader_is_mended_by_its_follower_and_nothing_is_lost() {
    let mut world = World::in_sync().await;
    world.west_erp.inbox().down = true;
    for number in numbers(1..=30) {
        world.west.order(&number).await;
    }
    world.west.kill();
    world.east.kill();
    // In the middle, and at the end, which the follower's log must be found to share.
    damage(&world.west, "PO-00012");
    damage(&world.west, "PO-00030");
    let copy = std::fs::read(segment(&world.east)).unwrap();

    world.east.start().await;
    world.east.follow(1, "west").await;
    world.west.start().await;
    let status = world.west.until(|_| true).await;
    assert_eq!((status.journal.messages, status.journal.quarantined), (28, 2));
    world.west.lead(1, false).await;
    world
        .west
        .until(|status| status.peer.state == PeerState::InSync && status.journal.messages == 30)
        .await;
    assert_eq!(world.west.ids().await, numbers(1..=30));
    assert_eq!(world.east.ids().await, numbers(1..=30));
    assert_eq!(set_aside(&world.east), 0, "the follower gave up nothing");
    let end = copy.iter().rposition(|byte| *byte != 0).unwrap();
    assert!(std::fs::read(segment(&world.east)).unwrap()[..=end] == copy[..=end]);
    // What had come back is delivered like the rest, and known as stored.
    world.west_erp.inbox().down = false;
    world.west.until(|status| status.lanes[0].delivered == 30).await;
    let effects: BTreeSet<_> = world.west_erp.inbox().effects.iter().cloned().collect();
    assert_eq!(effects, numbers(1..=30).into_iter().collect());
    let (status, _) = world.west.post(world::order("PO-00012", 1)).await.unwrap();
    assert_eq!(status, 200, "a duplicate");
    assert_eq!(world.west.order("PO-00031").await.copies, 2);
    // It is mended on disk.
    world.west.kill();
    world.west.start().await;
    let status = world.west.until(|_| true).await;
    assert_eq!((status.journal.messages, status.journal.quarantined), (31, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gives_up_nothing_while_its_leader_cannot_be_mended() {
    let mut world = World::start_with(impatient).await.synchronised().await;
    for number in numbers(1..=30) {
        world.west.order(&number).await;
    }
    world.west.kill();
    world.east.kill();
    // West lacks the last two, and east cannot give it the first of them.
    damage(&world.west, "PO-00029");
    damage(&world.west, "PO-00030");
    damage(&world.east, "PO-00029");

    world.east.start().await;
    world.east.follow(1, "west").await;
    world.west.start().await;
    world.west.lead(1, false).await;
    let root = world.directory.path();
    until_told(root, &world.west, "its copy is kept as it is").await;
    until_told(root, &world.east, "the leader's log is damaged").await;
    // What east alone can read reaches the leader as a message of its own.
    world.west.until(|status| status.journal.messages == 29).await;
    let held = world.west.ids().await;
    assert_eq!(held.last().map(String::as_str), Some("PO-00030"));
    assert_eq!(set_aside(&world.east), 0);
    assert_eq!(world.east.until(|_| true).await.journal.synced, 30);
    assert_eq!(world.west.order("PO-00031").await.copies, 1);
    world.west.until(|status| status.lanes[0].delivered == 30).await;
}

/// Flips a bit of it in the file of a gateway that runs, behind its back.
fn rot(node: &Node, number: &str) {
    let path = segment(node);
    let bytes = std::fs::read(&path).unwrap();
    let at = bytes
        .windows(number.len())
        .position(|window| window == number.as_bytes())
        .unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_at(&[bytes[at] ^ 1], at as u64).unwrap();
    file.sync_all().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_reads_again_what_it_knows_before_its_follower_may_cut_it_off() {
    let mut world = World::start_with(impatient).await.synchronised().await;
    for number in numbers(1..=5) {
        world.west.order(&number).await;
    }
    // West takes the sixth alone, and is lost; the partner has no answer, and sends it to east again.
    world.east.kill();
    world.west.order("PO-00006").await;
    world.west.kill();
    world.east.start().await;
    world.east.lead(2, true).await;
    for number in numbers(6..=60) {
        world.east.order(&number).await;
    }
    world.east.until(|status| status.lanes[0].delivered >= 55).await;
    // Both have it, and parted there. What east has rots, far from the block in which its log ends; nobody notices.
    rot(&world.east, "PO-00006");

    world.west.start().await;
    world.west.follow(2, "east").await;
    let stored_anew = |ids: &[String]| ids.last().map(String::as_str) == Some("PO-00006");
    let began = Instant::now();
    while !stored_anew(&world.east.ids().await) {
        assert!(began.elapsed() < PATIENCE, "it was not offered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let root = world.directory.path();
    until_told(root, &world.west, "the leader's log is damaged").await;
    assert_eq!(world.west.ids().await, numbers(1..=6), "nothing was cut off");
    // It is on east's disk, and not only known by its key.
    world.east.kill();
    world.east.start().await;
    let status = world.east.until(|_| true).await;
    assert_eq!((status.journal.messages, status.journal.quarantined), (60, 1));
    assert_eq!(world.east.post(order("PO-00006", 1)).await.unwrap().0, 503);
    world.east.lead(2, true).await;
    assert_eq!(
        world.east.post(order("PO-00006", 1)).await.unwrap().0,
        200,
        "a duplicate"
    );
}
