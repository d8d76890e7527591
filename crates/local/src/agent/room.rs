//! What the machine of a region has left, looked at again and again, for whoever decides whether the region could take over.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use api::site::Room;
use tokio::sync::watch;

/// A disk fills in minutes, not in seconds.
const PAUSE: Duration = Duration::from_secs(5);

/// Looks until it is dropped. A disk that hangs keeps the last answer; that it hangs is noticed elsewhere.
pub(super) async fn keep(data: &Path, otherwise: &Path, room: &watch::Sender<Option<Room>>) {
    loop {
        // Before the database is seeded its directory is not there.
        let directory = if data.exists() { data } else { otherwise };
        let directory: PathBuf = directory.to_path_buf();
        let seen = tokio::task::spawn_blocking(move || look(&directory)).await;
        room.send_replace(seen.ok().flatten());
        tokio::time::sleep(PAUSE).await;
    }
}

fn look(directory: &Path) -> Option<Room> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let cpus = thread::available_parallelism().ok()?;
    Some(Room {
        disk_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        disk_free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
        memory_bytes: line(&memory, "MemTotal:")?,
        memory_free_bytes: line(&memory, "MemAvailable:")?,
        cpus: u32::try_from(cpus.get()).ok()?,
    })
}

/// A line of `/proc/meminfo`, whose unit is KiB whatever it says (proc_meminfo(5)).
fn line(memory: &str, name: &str) -> Option<u64> {
    let rest = memory.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = rest.trim().trim_end_matches(" kB").parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let text = "MemTotal:       24683116 kB\nMemFree:  1 kB\nMemAvailable:   18000000 kB\n";
        assert_eq!(line(text, "MemTotal:"), Some(24_683_116 * 1024));
        assert_eq!(line(text, "MemAvailable:"), Some(18_000_000 * 1024));
        assert_eq!(line("MemTotal: much", "MemTotal:"), None);
        assert_eq!(line("", "MemTotal:"), None);
    }

    #[test]
    fn this_machine_has_some_of_everything() {
        let room = look(Path::new("/")).unwrap();
        assert!(room.disk_bytes >= room.disk_free_bytes && room.disk_bytes > 0);
        assert!(room.memory_bytes >= room.memory_free_bytes && room.memory_free_bytes > 0);
        assert!(room.cpus > 0);
        assert_eq!(look(Path::new("/not/there")), None);
    }
}
