//! The result as a table: both sides from the fault on, and how many times ours theirs are.

use anyhow::Context as _;
use recovery::evidence::{Evidence, Spread, spread};

use super::{Measured, ours};
use crate::peers::patroni::Settings;

/// Where and with what it ran.
pub fn machine(evidence: &Evidence, versions: Option<&str>) {
    let host = &evidence.host;
    println!(
        "\nmachine: {} cores, {} GiB, {}, Linux {}",
        host.cpus,
        host.memory_bytes >> 30,
        host.system,
        host.kernel
    );
    if let Some(versions) = versions {
        println!("peer: {versions}");
    }
    for (program, version) in &evidence.versions {
        println!("ours: {program} {version}");
    }
}

/// The result.
pub fn print(peers: &[Measured], evidence: &Evidence) -> anyhow::Result<()> {
    let database = spread(&ours::clock(evidence, |run| run.clocks.promoted))
        .context("no run of the drill has promoted a database")?;
    println!(
        "\n{:<62} {:>7} {:>7} {:>7}  runs  × database p50  p95",
        "fault →", "p50", "p95", "max"
    );
    let line = |what: &str, times: &[u64]| {
        let Some(found) = spread(times) else {
            println!("{what:<62} never");
            return;
        };
        let Spread { p50, p95, max } = found;
        println!(
            "{what:<62} {} {} {}  {:>4}  {:>14.1} {:>4.1}",
            seconds(p50),
            seconds(p95),
            seconds(max),
            times.len(),
            ratio(p50, database.p50),
            ratio(p95, database.p95)
        );
    };
    for peer in peers {
        let Settings {
            name,
            ttl,
            loop_wait,
            retry_timeout,
            ..
        } = peer.settings;
        line(
            &format!("Patroni, {name} ({ttl}/{loop_wait}/{retry_timeout}): first write accepted"),
            &peer.first_write,
        );
    }
    let wrote = ours::clock(evidence, |run| run.clocks.promoted);
    line("Plimsoll: the new database accepted a write (t4)", &wrote);
    let erp_wrote = ours::clock(evidence, |run| run.clocks.first_write);
    line("Plimsoll: the ERP accepted a write (t5)", &erp_wrote);
    for capability in evidence.summary.iter().flat_map(|summary| &summary.capabilities) {
        let times: Vec<u64> = evidence
            .runs
            .iter()
            .flat_map(|run| &run.capabilities)
            .filter(|result| result.capability == capability.capability)
            .filter_map(|result| result.measured_ms)
            .collect();
        if capability.probed > 0 {
            let name = &capability.capability;
            line(&format!("Plimsoll: {name}, accepted and read back (t6)"), &times);
        }
    }
    println!("\nwhere Plimsoll's time goes:");
    for phase in evidence.summary.iter().flat_map(|summary| &summary.phases) {
        if let Some(Spread { p50, p95, max }) = phase.length {
            println!(
                "  {:<12} {} {} {}",
                phase.phase,
                seconds(p50),
                seconds(p95),
                seconds(max)
            );
        }
    }
    let routed = ours::clock(evidence, |run| run.clocks.routed);
    if let Some(Spread { p50, p95, max }) = spread(&routed) {
        println!(
            "  {:<12} {} {} {}  (from the fault)",
            "routed",
            seconds(p50),
            seconds(p95),
            seconds(max)
        );
    }
    losses(peers, evidence);
    Ok(())
}

fn losses(peers: &[Measured], evidence: &Evidence) {
    println!();
    for peer in peers {
        println!(
            "Patroni, {}: {} rows accepted, {} lost; etcd's leader was on the lost side in {} of {} runs",
            peer.settings.name,
            peer.rows.accepted,
            peer.rows.lost,
            peer.store_led,
            peer.first_write.len()
        );
    }
    if let Some(summary) = &evidence.summary {
        let documents = summary.documents;
        println!(
            "Plimsoll: {} orders acknowledged, {} lost, {} duplicated",
            documents.acknowledged, documents.lost, documents.duplicated
        );
    }
    if !peers.is_empty() {
        println!("Patroni's figures are a database's: no Odoo, no gateway, no routing, nothing replayed.");
    }
}

fn seconds(millis: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with two places")]
    let seconds = millis as f64 / 1000.0;
    format!("{seconds:>5.2} s")
}

#[expect(clippy::cast_precision_loss, reason = "shown with one place")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other.max(1) as f64
}
