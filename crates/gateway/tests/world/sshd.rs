//! A partner's SFTP server: OpenSSH itself, on a free port, for one user, with keys of its own.
//!
//! `script/setup` makes sure that there is an `sshd`. It never runs as root, who would need a system user and a directory
//! in `/run` for it: as root the tests give it to `nobody`.

use std::{
    io::Read as _,
    net::{SocketAddr, TcpStream},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use types::settings::{SftpCredential, SftpSettings};

use super::{PATIENCE, free_address};

const NOBODY: u32 = 65_534;
const HOST_KEYS: [&str; 2] = ["host-key", "other-host-key"];

pub struct Sshd {
    pub address: SocketAddr,
    directory: tempfile::TempDir,
    process: Option<Child>,
}

impl Sshd {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        open(root, 0o755);
        // Its own directory may be one that `nobody` cannot enter. By another process: a file that this one has open for
        // writing cannot be run as long as somebody whom another test starts just now has it open too.
        let copied = Command::new("cp")
            .args([program("sshd"), root.join("sshd")])
            .status();
        assert!(copied.unwrap().success());
        open(&root.join("sshd"), 0o755);
        std::fs::create_dir(root.join("files")).unwrap();
        for key in [HOST_KEYS[0], HOST_KEYS[1], "client-key"] {
            make_key(&root.join(key));
        }
        for own in [".", "files", HOST_KEYS[0], HOST_KEYS[1], "client-key.pub"] {
            give(&root.join(own));
        }
        let mut sshd = Self {
            address: free_address(),
            directory,
            process: None,
        };
        sshd.run_with(HOST_KEYS[0]);
        sshd
    }

    /// Where the partner's files lie.
    pub fn files(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    /// How a gateway reaches it, as long as it has its first host key.
    pub fn settings(&self) -> SftpSettings {
        let public = self.directory.path().join(format!("{}.pub", HOST_KEYS[0]));
        let told = Command::new(program("ssh-keygen"))
            .arg("-lf")
            .arg(public)
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        SftpSettings {
            host: "127.0.0.1".to_owned(),
            port: self.address.port(),
            user: user(),
            host_keys: vec![told.split(' ').nth(1).unwrap().to_owned()],
            credential: SftpCredential::Key,
            secret_file: self.directory.path().join("client-key"),
        }
    }

    /// Nobody answers any more; sessions end too.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Sessions are children of their own; they are in its process group, and in nobody else's.
            let group = format!("-{}", process.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
            let _ = process.wait();
        }
    }

    /// The same server again.
    pub fn start_again(&mut self) {
        self.run_with(HOST_KEYS[0]);
    }

    /// A server in its place that has another host key.
    pub fn start_another(&mut self) {
        self.run_with(HOST_KEYS[1]);
    }

    /// The same server, which takes what is written and renames nothing.
    pub fn start_without_renames(&mut self) {
        self.run(HOST_KEYS[0], " -P posix-rename,rename,remove");
    }

    /// The same server, which replaces nothing that is there.
    pub fn start_without_replacing(&mut self) {
        self.run(HOST_KEYS[0], " -P posix-rename");
    }

    fn run_with(&mut self, host_key: &str) {
        self.run(host_key, "");
    }

    fn run(&mut self, host_key: &str, refused: &str) {
        let root = self.directory.path();
        let at = |name: &str| root.join(name).display().to_string();
        let configuration = format!(
            "ListenAddress {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n\
             Subsystem sftp internal-sftp\nForceCommand internal-sftp -d {}{refused}\n",
            self.address,
            at(host_key),
            at("client-key.pub"),
            at("files"),
        );
        std::fs::write(root.join("sshd_config"), configuration).unwrap();
        let log = std::fs::File::create(root.join("log")).unwrap();
        let mut command = Command::new(root.join("sshd"));
        command
            .args(["-D", "-e", "-r", "-f"])
            .arg(root.join("sshd_config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.process_group(0);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        self.process = Some(command.spawn().unwrap());
        let began = Instant::now();
        while !self.answers() {
            let log = || std::fs::read_to_string(self.directory.path().join("log")).unwrap();
            assert!(began.elapsed() < PATIENCE, "sshd does not answer: {}", log());
            std::thread::yield_now();
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else {
            return false;
        };
        let mut banner = [0; 4];
        stream.read_exact(&mut banner).is_ok() && &banner == b"SSH-"
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn user() -> String {
    if is_root() {
        return "nobody".to_owned();
    }
    let told = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

/// Makes it the server's own, who may not be us.
fn give(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn make_key(path: &Path) {
    let made = Command::new(program("ssh-keygen"))
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}

/// Of this machine, or the one that `script/setup` unpacked.
fn program(name: &str) -> PathBuf {
    let home = std::env::var_os("PLIMSOLL_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| match std::env::var_os("HOME") {
        Some(user) if !is_root() => Path::new(&user).join(".local/share/plimsoll"),
        _ => PathBuf::from("/var/lib/plimsoll"),
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).map(|one| one.join(name)).collect();
    places.push(Path::new("/usr/sbin").join(name));
    places.push(home.join("runtime/openssh").join(name));
    let found = places.into_iter().find(|one| one.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}: run script/setup"))
}
