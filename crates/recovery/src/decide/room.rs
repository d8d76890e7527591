//! Whether a standby's machine has the room to take over. Pure.
//!
//! Its workloads run already, so what it needs beyond them is what the load of the other region brings: somewhere to write,
//! some memory, and a machine that is not smaller. Judged with every heartbeat, so that a standby which could not carry
//! the business is known before it has to.

use api::site::Room;

const MIB: u64 = 1 << 20;
/// Of the disk a twentieth must be free, and within these bounds: a database that takes writes needs room for its log
/// at once, and a large disk need not keep a large part free for that.
const DISK_FREE: (u64, u64) = (256 * MIB, 1024 * MIB);
/// Of the memory a fiftieth must be free, within these bounds.
const MEMORY_FREE: (u64, u64) = (64 * MIB, 512 * MIB);

/// What a standby lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Hardly anything can be written.
    Disk {
        /// Bytes free.
        free: u64,
        /// Bytes that should be.
        wanted: u64,
    },
    /// Hardly any memory is left.
    Memory {
        /// Bytes free.
        free: u64,
        /// Bytes that should be.
        wanted: u64,
    },
    /// The machine has less memory than the active region's.
    SmallerMemory {
        /// Bytes here.
        here: u64,
        /// Bytes there.
        there: u64,
    },
    /// The machine has fewer processors than the active region's.
    FewerCpus {
        /// Here.
        here: u32,
        /// There.
        there: u32,
    },
}

impl std::fmt::Display for Shortage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disk { free, wanted } => {
                write!(
                    f,
                    "{} MiB of disk are free, {} should be",
                    free / MIB,
                    wanted / MIB
                )
            }
            Self::Memory { free, wanted } => {
                write!(
                    f,
                    "{} MiB of memory are free, {} should be",
                    free / MIB,
                    wanted / MIB
                )
            }
            Self::SmallerMemory { here, there } => write!(
                f,
                "it has {} MiB of memory, the active region {}",
                here / MIB,
                there / MIB
            ),
            Self::FewerCpus { here, there } => {
                write!(f, "it has {here} processors, the active region {there}")
            }
        }
    }
}

/// What a standby lacks for the load of the region that is active now, as far as both are known.
pub fn shortages(standby: &Room, active: Option<&Room>) -> Vec<Shortage> {
    let mut lacks = Vec::new();
    let (free, wanted) = (
        standby.disk_free_bytes,
        (standby.disk_bytes / 20).clamp(DISK_FREE.0, DISK_FREE.1),
    );
    if free < wanted {
        lacks.push(Shortage::Disk { free, wanted });
    }
    let (free, wanted) = (
        standby.memory_free_bytes,
        (standby.memory_bytes / 50).clamp(MEMORY_FREE.0, MEMORY_FREE.1),
    );
    if free < wanted {
        lacks.push(Shortage::Memory { free, wanted });
    }
    let Some(active) = active else { return lacks };
    // Two machines of the same size differ by what their kernels keep.
    let (here, there) = (standby.memory_bytes, active.memory_bytes);
    if here < there / 10 * 9 {
        lacks.push(Shortage::SmallerMemory { here, there });
    }
    let (here, there) = (standby.cpus, active.cpus);
    if here < there {
        lacks.push(Shortage::FewerCpus { here, there });
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        disk_bytes: 100 << 30,
        disk_free_bytes: 50 << 30,
        memory_bytes: 16 << 30,
        memory_free_bytes: 8 << 30,
        cpus: 4,
    };

    #[test]
    fn a_machine_like_the_other_with_something_left_lacks_nothing() {
        assert_eq!(shortages(&ROOM, Some(&ROOM)), []);
        assert_eq!(shortages(&ROOM, None), []);
        let kernel_keeps_more = Room {
            memory_bytes: ROOM.memory_bytes - (1 << 29),
            ..ROOM
        };
        assert_eq!(shortages(&kernel_keeps_more, Some(&ROOM)), []);
    }

    #[test]
    fn every_shortage_is_told() {
        let poor = Room {
            disk_free_bytes: 900 * MIB,
            memory_bytes: 8 << 30,
            memory_free_bytes: 100 * MIB,
            cpus: 2,
            ..ROOM
        };
        let told: Vec<String> = shortages(&poor, Some(&ROOM))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "900 MiB of disk are free, 1024 should be",
                "100 MiB of memory are free, 163 should be",
                "it has 8192 MiB of memory, the active region 16384",
                "it has 2 processors, the active region 4",
            ]
        );
        assert_eq!(shortages(&poor, None).len(), 2, "nothing is known of the other");
    }

    #[test]
    fn small_machines_need_less() {
        let small = Room {
            disk_bytes: 4 << 30,
            disk_free_bytes: 300 * MIB,
            memory_bytes: 2 << 30,
            memory_free_bytes: 70 * MIB,
            cpus: 1,
        };
        assert_eq!(shortages(&small, None), []);
    }
}
