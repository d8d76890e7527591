//! Silent cuts between sites that run in network namespaces of their own.
//!
//! What one site sends another vanishes where it arrives: a rule of routing in the receiver's namespace knows no way for
//! packets from the sender's address. No reset, no ICMP, nobody is told; the other direction is not touched. It needs
//! `ip` alone, where a packet filter would need a module and a program of its own.
//!
//! ```text
//!   whole   0 local                                      cut   185 from 10.86.0.3 blackhole
//!                                                              186 local
//! ```
//!
//! The rule that delivers to the machine itself is the first of all, so it is moved behind ours for as long as the cut
//! lasts. Every order of these steps leaves that rule somewhere, so a death in between costs nobody their own packets.

use std::{
    fs::File,
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use super::running::within;

/// Where Linux keeps the rule that delivers to the machine itself.
const LOCAL: &str = "0";
/// Ours: for each sender that is not heard.
const DEAF: &str = "185";
/// Ours: the rule that delivers to the machine itself, behind those.
const MOVED: &str = "186";
/// Places of `ip` where `PATH` does not name them.
const PLACES: [&str; 3] = ["ip", "/usr/sbin/ip", "/sbin/ip"];
/// More rules of ours than this are not ours.
const RULES_MAX: usize = 64;

/// Why links were not cut, or not made whole.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// The namespace is gone, or not ours to look at.
    #[error("cannot open the network namespace {}", path.display())]
    Namespace {
        /// Which file keeps it.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `ip` is not there, or the namespace may not be entered.
    #[error("cannot run `ip` in the network namespace {}", path.display())]
    Enter {
        /// Which file keeps it.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `ip` refused.
    #[error("`ip {arguments}` failed in the network namespace {}: {output}", path.display())]
    Refused {
        /// Which file keeps it.
        path: PathBuf,
        /// What was asked of it.
        arguments: String,
        /// What it said.
        output: String,
    },
}

/// Checks that links into a namespace can be cut, by a change that changes nothing.
///
/// # Errors
/// [`CutError`].
pub fn check_cut(namespace: &Path) -> Result<(), CutError> {
    let inside = Inside::open(namespace)?;
    inside.add(MOVED, &["lookup", "local"])?;
    inside.remove(MOVED)
}

/// Lets everything vanish that comes into a namespace from these addresses.
///
/// # Errors
/// [`CutError`]; then [`ensure_whole`] takes back what was done.
pub fn ensure_cut(namespace: &Path, from: &[Ipv4Addr]) -> Result<(), CutError> {
    let inside = Inside::open(namespace)?;
    if !inside.has(MOVED)? {
        inside.add(MOVED, &["lookup", "local"])?;
    }
    for address in from {
        inside.add(DEAF, &["from", &format!("{address}/32"), "blackhole"])?;
    }
    inside.remove(LOCAL)
}

/// Takes back every cut into a namespace; one that is whole is left alone.
///
/// # Errors
/// [`CutError`].
pub fn ensure_whole(namespace: &Path) -> Result<(), CutError> {
    let inside = Inside::open(namespace)?;
    if !inside.has(LOCAL)? {
        inside.add(LOCAL, &["lookup", "local"])?;
    }
    inside.remove(DEAF)?;
    inside.remove(MOVED)
}

/// One namespace, as `ip` sees it.
struct Inside<'a> {
    path: &'a Path,
    namespace: File,
}

// === impl Inside ===

impl<'a> Inside<'a> {
    fn open(path: &'a Path) -> Result<Self, CutError> {
        let namespace = File::open(path).map_err(|source| CutError::Namespace {
            path: path.to_path_buf(),
            source,
        })?;
        Ok(Self { path, namespace })
    }

    fn ip(&self, arguments: &[&str]) -> Result<String, CutError> {
        let output = self.run(arguments).map_err(|source| CutError::Enter {
            path: self.path.to_path_buf(),
            source,
        })?;
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // It is there already: what was asked for holds.
        if output.status.success() || told.contains("File exists") {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(CutError::Refused {
            path: self.path.to_path_buf(),
            arguments: arguments.join(" "),
            output: told,
        })
    }

    fn run(&self, arguments: &[&str]) -> io::Result<std::process::Output> {
        let mut missing = io::Error::from(io::ErrorKind::NotFound);
        for program in PLACES {
            match within(&self.namespace, || Command::new(program).args(arguments).output()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing = error,
                ended => return ended,
            }
        }
        Err(missing)
    }

    fn add(&self, priority: &str, what: &[&str]) -> Result<(), CutError> {
        let asked = [&["-4", "rule", "add", "pref", priority], what].concat();
        self.ip(&asked).map(drop)
    }

    fn has(&self, priority: &str) -> Result<bool, CutError> {
        Ok(count(&self.ip(&["-4", "rule", "show"])?, priority) > 0)
    }

    /// Removes every rule of a priority.
    fn remove(&self, priority: &str) -> Result<(), CutError> {
        let rules = count(&self.ip(&["-4", "rule", "show"])?, priority);
        for _ in 0..rules.min(RULES_MAX) {
            self.ip(&["-4", "rule", "del", "pref", priority])?;
        }
        Ok(())
    }
}

/// How many rules have a priority, by what `ip rule show` says.
fn count(shown: &str, priority: &str) -> usize {
    let priorities = shown.lines().filter_map(|line| line.split_once(':'));
    priorities.filter(|(found, _)| found.trim() == priority).count()
}

#[cfg(test)]
mod tests {
    use std::{
        net::UdpSocket,
        os::unix::process::CommandExt as _,
        process::{Child, Stdio},
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn rules_are_counted_by_their_priority() {
        let shown = "0:\tfrom all lookup local\n185:\tfrom 10.86.0.3 blackhole\n185:\tfrom 10.86.0.4 blackhole\n\
                     32766:\tfrom all lookup main\n";
        assert_eq!(
            (count(shown, "0"), count(shown, "185"), count(shown, "18")),
            (1, 2, 0)
        );
    }

    /// A namespace of its own, kept by a process.
    struct Kept(Child);

    impl Kept {
        /// `None` where this machine does not let us.
        fn new() -> Option<Self> {
            let ours = std::fs::read_link("/proc/self/ns/net").ok()?;
            let mut command = Command::new("unshare");
            command
                .args(["--net", "cat"])
                .stdin(Stdio::piped())
                .stderr(Stdio::null());
            let kept = Self(command.process_group(0).spawn().ok()?);
            let until = Instant::now() + Duration::from_secs(30);
            while Instant::now() < until {
                if std::fs::read_link(kept.path()).is_ok_and(|theirs| theirs != ours) {
                    return Some(kept);
                }
                std::thread::yield_now();
            }
            None
        }

        fn path(&self) -> PathBuf {
            PathBuf::from(format!("/proc/{}/ns/net", self.0.id()))
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Whether a packet from one loopback address arrives at another, within the namespace.
    fn arrives(kept: &Kept, from: &str) -> bool {
        let namespace = File::open(kept.path()).unwrap();
        within(&namespace, || {
            let receiver = UdpSocket::bind("127.0.0.1:0")?;
            let sender = UdpSocket::bind((from, 0))?;
            // A sender on the same machine is told at once that there is no way; nothing arrives all the same.
            let _ = sender.send_to(b"?", receiver.local_addr()?);
            receiver.set_read_timeout(Some(Duration::from_secs(1)))?;
            Ok(receiver.recv(&mut [0; 8]).is_ok())
        })
        .unwrap()
    }

    #[test]
    fn a_cut_lets_one_sender_vanish_and_nobody_else_and_is_taken_back() {
        let Some(kept) = Kept::new() else {
            eprintln!("skipped: this machine gives us no network namespace");
            return;
        };
        let path = kept.path();
        let inside = Inside::open(&path).unwrap();
        if let Err(error) = inside.ip(&["link", "set", "lo", "up"]) {
            eprintln!("skipped: {error}");
            return;
        }
        let before = inside.ip(&["-4", "rule", "show"]).unwrap();
        check_cut(&path).unwrap();
        assert!(arrives(&kept, "127.0.0.7") && arrives(&kept, "127.0.0.8"));
        let cut = [Ipv4Addr::new(127, 0, 0, 7)];
        for _ in 0..2 {
            ensure_cut(&path, &cut).unwrap();
            assert!(!arrives(&kept, "127.0.0.7"));
            assert!(arrives(&kept, "127.0.0.8"), "nobody else is cut off");
        }
        for _ in 0..2 {
            ensure_whole(&path).unwrap();
            assert!(arrives(&kept, "127.0.0.7"));
            assert_eq!(inside.ip(&["-4", "rule", "show"]).unwrap(), before);
        }
    }

    #[test]
    fn a_namespace_that_is_gone_is_told() {
        let told = ensure_whole(Path::new("/proc/0/ns/net"));
        assert!(matches!(told, Err(CutError::Namespace { .. })), "{told:?}");
    }
}
