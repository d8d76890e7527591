//! The seed: a cleanly stopped PostgreSQL data directory with an initialised tenant.
//!
//! Making one takes minutes (Odoo installs its modules), so it is made once per recipe and kept as a template; an
//! estate gets a copy with its own superuser password. The template holds no usable credential.

use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use types::{Redacted, host::Layout, host::secret};

use super::{Addons, Error, Files, Found, Secrets};

/// Changes whenever the steps below do.
const RECIPE: &str = "2";
/// Name of the database superuser, as in the rendered configuration.
const SUPERUSER: &str = "plimsoll";
/// A template is about 250 MiB, and twice that while it is made.
const ROOM_MIB: u64 = 1024;
/// PostgreSQL starts in well under a second; a minute means that something is wrong.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// What a seed is made of.
#[derive(Clone, Debug)]
pub struct SeedInputs<'a> {
    /// PostgreSQL and Odoo.
    pub found: &'a Found,
    /// Our addons.
    pub addons: &'a Addons,
    /// Name of the tenant's database.
    pub database: &'a str,
}

/// A template in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The data directory.
    pub data_dir: PathBuf,
    /// False when it was in the cache already.
    pub made: bool,
}

impl Seed {
    /// Takes the template from the cache, or makes it; `say` hears about each step.
    ///
    /// # Errors
    /// When a step fails; nothing half-made is ever used.
    pub fn ensure(
        files: &Files,
        cache: &Path,
        inputs: &SeedInputs<'_>,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self, Error> {
        let seeds = cache.join("seeds");
        files.directory(&seeds)?;
        let lock_path = seeds.join("lock");
        let lock = fs::File::create(&lock_path).map_err(Error::file("open", &lock_path))?;
        lock.lock().map_err(Error::file("lock", &lock_path))?;
        let data_dir = seeds.join(key(inputs));
        if data_dir.join("PG_VERSION").exists() {
            return Ok(Self {
                data_dir,
                made: false,
            });
        }
        need_room(&seeds, ROOM_MIB)?;
        let building = seeds.join("building");
        remove(&building)?;
        files.directory(&building)?;
        build(files, &building, inputs, say)?;
        fs::rename(building.join("data"), &data_dir).map_err(Error::file("move", building.join("data")))?;
        remove(&building)?;
        Ok(Self { data_dir, made: true })
    }
}

/// Whether an estate that has no database yet has room for one, asked before anything is made.
///
/// # Errors
/// [`Error::DiskFull`].
pub fn ensure_room(path: &Path) -> Result<(), Error> {
    need_room(path, ROOM_MIB)
}

/// Gives an estate its own copy of the template, with its own superuser password, and the SQL for its credentials.
///
/// # Errors
/// When a step fails.
pub fn estate_seed(
    files: &Files,
    layout: &Layout,
    seed: &Seed,
    inputs: &SeedInputs<'_>,
    secrets: &Secrets,
) -> Result<PathBuf, Error> {
    let sql = credentials(files, inputs, secrets)?;
    files.secret(&layout.secret(secret::SEED_TENANT_SQL), &sql)?;
    let target = layout.root().join("seed");
    let complete = layout.root().join("seed.complete");
    if complete.exists() && target.exists() {
        return Ok(target);
    }
    need_room(layout.root(), ROOM_MIB)?;
    remove(&target)?;
    let mut copy = files.command(Path::new("cp"));
    run(copy
        .args(["-a", "--reflink=auto"])
        .arg(&seed.data_dir)
        .arg(&target))?;
    set_superuser_password(
        files,
        &inputs.found.postgres_bin_dir,
        &target,
        &secrets.postgres_superuser,
    )?;
    files.file(&complete, b"")?;
    Ok(target)
}

/// Names everything a template depends on.
fn key(inputs: &SeedInputs<'_>) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let major = inputs.found.postgres_major.to_string();
    for part in [
        RECIPE,
        &inputs.found.odoo_version,
        &major,
        &inputs.addons.fingerprint,
        inputs.database,
    ] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    hex::encode(&context.finish().as_ref()[..8])
}

fn build(
    files: &Files,
    building: &Path,
    inputs: &SeedInputs<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let bin = &inputs.found.postgres_bin_dir;
    let data = building.join("data");
    say("initialising PostgreSQL");
    let mut initdb = files.command(&bin.join("initdb"));
    initdb
        .arg("--pgdata")
        .arg(&data)
        .args(["--username", SUPERUSER, "--auth=trust", "--no-sync"]);
    run(initdb.args(["--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8"]))?;
    let postgres = Scratch::start(files, bin, &data, building)?;
    // The functions are those which pg_rewind's documentation lists for a role that is no superuser.
    postgres.sql("postgres", &format!(
        "CREATE ROLE odoo LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
         CREATE ROLE replicator LOGIN REPLICATION;
         GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text, boolean, boolean) TO replicator;
         GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text, boolean) TO replicator;
         GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) TO replicator;
         GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
         REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;
         CREATE DATABASE \"{}\" OWNER odoo TEMPLATE template0;",
        inputs.database
    ))?;
    say("installing Odoo's modules (a few minutes, once)");
    odoo_init(files, building, inputs, say)?;
    postgres.sql(inputs.database, "VACUUM (FREEZE, ANALYZE)")?;
    say("stopping PostgreSQL cleanly");
    postgres.stop()
}

fn odoo_init(
    files: &Files,
    building: &Path,
    inputs: &SeedInputs<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let found = inputs.found;
    let home = building.join("odoo");
    files.directory(&home)?;
    let addons = [
        found.odoo_dist.join("odoo/addons"),
        inputs.addons.directory.clone(),
    ];
    let addons = addons.map(|path| path.display().to_string()).join(",");
    let mut command = files.command(&found.odoo_python);
    command
        .arg(&inputs.addons.launcher)
        .args(["init", "-c", "/dev/null", "-d", inputs.database])
        .env("PYTHONPATH", &found.odoo_dist)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PLIMSOLL_WORKLOAD", "init")
        .env("HOME", &home)
        .env("PGHOST", building)
        .env("PGUSER", "odoo")
        .env("ODOO_ADDONS_PATH", addons)
        .env("ODOO_DATA_DIR", home.join("data"))
        .current_dir(&home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(Error::file("start", &found.odoo_python))?;
    let mut tail = Vec::new();
    for line in child
        .stderr
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
        .map_while(Result::ok)
    {
        // The launcher's own steps begin with the time; the rest is Odoo's, and only of interest after a failure.
        if line.starts_with('[') {
            say(&line);
        }
        tail.push(line);
    }
    let status = child
        .wait()
        .map_err(Error::file("wait for", &found.odoo_python))?;
    if status.success() {
        return Ok(());
    }
    let output = tail[tail.len().saturating_sub(30)..].join("\n");
    Err(Error::Failed {
        program: "Odoo's initialisation".to_owned(),
        status: status.to_string(),
        output,
    })
}

/// Pipes the secrets through the launcher, which knows how Odoo stores them.
fn credentials(files: &Files, inputs: &SeedInputs<'_>, secrets: &Secrets) -> Result<Vec<u8>, Error> {
    let document = serde_json::json!({
        "admin_password": secrets.odoo_admin.expose(),
        "integration_key": secrets.integration_key.expose(),
    });
    let mut command = files.command(&inputs.found.odoo_python);
    command
        .arg(&inputs.addons.launcher)
        .args(["credentials", "--database", inputs.database]);
    pipe(&mut command, document.to_string().as_bytes())
}

/// Single-user mode needs no password, so the template needs none either.
fn set_superuser_password(
    files: &Files,
    bin: &Path,
    data: &Path,
    password: &Redacted<String>,
) -> Result<(), Error> {
    let mut command = files.command(&bin.join("postgres"));
    command.arg("--single").arg("-D").arg(data).arg("postgres");
    let sql = format!("ALTER ROLE {SUPERUSER} PASSWORD '{}'\n", password.expose());
    pipe(&mut command, sql.as_bytes()).map(drop)
}

/// A PostgreSQL for the time of the making: reachable over a socket in a private directory alone, and without syncs,
/// because an interrupted making is thrown away.
struct Scratch<'a> {
    child: Child,
    files: &'a Files,
    bin: &'a Path,
    socket_dir: &'a Path,
}

impl<'a> Scratch<'a> {
    fn start(files: &'a Files, bin: &'a Path, data: &Path, socket_dir: &'a Path) -> Result<Self, Error> {
        let program = bin.join("postgres");
        let log_path = socket_dir.join("postgres.log");
        let log = fs::File::create(&log_path).map_err(Error::file("write", log_path))?;
        let mut command = files.command(&program);
        command.arg("-D").arg(data).arg("-k").arg(socket_dir);
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "full_page_writes=off",
            "max_wal_size=4GB",
            "shared_buffers=256MB",
        ] {
            command.arg("-c").arg(setting);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut scratch = Self {
            child: child.map_err(Error::file("start", program))?,
            files,
            bin,
            socket_dir,
        };
        let until = Instant::now() + START_TIME_MAX;
        loop {
            match scratch.sql("postgres", "SELECT 1") {
                Ok(()) => return Ok(scratch),
                Err(error) if Instant::now() > until || !matches!(scratch.child.try_wait(), Ok(None)) => {
                    return Err(error);
                }
                Err(_) => {}
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "waits for a condition with a deadline, in a synchronous command"
            )]
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn sql(&self, database: &str, sql: &str) -> Result<(), Error> {
        let mut psql = self.files.command(&self.bin.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            SUPERUSER,
            "-d",
            database,
            "-h",
        ])
        .arg(self.socket_dir);
        pipe(&mut psql, sql.as_bytes()).map(drop)
    }

    /// Stops cleanly (a checkpoint), and writes everything to disk at last.
    fn stop(mut self) -> Result<(), Error> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let status = self.child.wait().map_err(Error::file("wait for", self.bin))?;
        rustix::fs::sync();
        if status.success() {
            Ok(())
        } else {
            Err(failed("PostgreSQL", &status.to_string(), b""))
        }
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(command: &mut Command) -> Result<(), Error> {
    pipe(command, b"").map(drop)
}

/// Feeds a program and returns what it printed.
fn pipe(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::file("start", &program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early reports why by itself.
        let _ = stdin.write_all(input);
    }
    let output = child
        .wait_with_output()
        .map_err(Error::file("wait for", &program))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(&program, &output.status.to_string(), &output.stderr))
}

fn failed(program: &str, status: &str, stderr: &[u8]) -> Error {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<_> = text.lines().collect();
    let output = lines[lines.len().saturating_sub(30)..].join("\n");
    Error::Failed {
        program: program.to_owned(),
        status: status.to_owned(),
        output,
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Refuses to begin what the disk has no room for.
fn need_room(path: &Path, needed_mib: u64) -> Result<(), Error> {
    let stat = rustix::fs::statvfs(path).map_err(|error| Error::file("look at", path)(error.into()))?;
    let free_mib = stat.f_bavail.saturating_mul(stat.f_frsize) >> 20;
    if free_mib >= needed_mib {
        return Ok(());
    }
    Err(Error::DiskFull {
        path: path.to_path_buf(),
        free_mib,
        needed_mib,
    })
}
