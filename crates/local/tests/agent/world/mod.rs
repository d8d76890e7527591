//! Two regions with real agents and real PostgreSQL, and a witness inside the test.

pub mod processes;
pub mod seed;
pub mod stall;
pub mod witness;
pub mod writer;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use api::{
    client::Client,
    site::{
        AgentClient, DatabaseObservation, DatabaseState, FollowRequest, LeadReceipt, LeadRequest, Observation,
    },
};
use plimsoll_local::agent::process_tree;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use types::{
    EstateName, Generation, RegionName, Span,
    settings::{
        DatabaseSettings, LeaseTiming, ProcessSettings, RegionSettings, ReplicationSettings, SeedSql,
        SiteRole, SiteSettings, TlsFiles, Upstream,
    },
};

use self::{seed::Owner, witness::Witness};

pub const TIMING: LeaseTiming = LeaseTiming {
    ttl: Span::from_millis(3_000),
    renew_every: Span::from_millis(400),
    margin: Span::from_millis(400),
};
/// Everything that is waited for happens much sooner; on a busy machine it may take long.
pub const PATIENCE: Duration = Duration::from_secs(180);

pub fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

/// One region of the test.
pub struct Site {
    pub name: RegionName,
    pub directory: PathBuf,
    pub client: AgentClient,
    pub port: u16,
    settings: PathBuf,
    owner: Owner,
    agent: Option<Child>,
}

pub struct World {
    pub a: Site,
    pub b: Site,
    pub witness: Witness,
    home: Option<tempfile::TempDir>,
}

/// A port that nobody listens on, below those which the kernel hands out to clients: a server that is started again
/// must find it free.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let own = u16::try_from(std::process::id() % 100).unwrap() * 90;
        let port = 20_000 + (own + NEXT.fetch_add(1, Ordering::SeqCst)) % 9_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

struct Ports {
    agent: u16,
    postgres: u16,
}

impl World {
    /// Both agents run; nobody leads yet.
    pub async fn new(processes: impl Fn(&Path) -> Vec<ProcessSettings>) -> Self {
        let home = tempfile::Builder::new().prefix("plimsoll-").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (root, owner) = (home.path().to_owned(), Owner::find());
        let [witness_tls, a_tls, b_tls] = identities(&root, ["controller", "a-agent", "b-agent"]);
        let witness = Witness::start(&root, &witness_tls).await;
        let seed = seed::make(&root, &owner);
        let ports = ["a", "b"].map(|name| {
            let ports = Ports {
                agent: free_port(),
                postgres: free_port(),
            };
            (region(name), ports)
        });
        let sites = [0, 1].map(|own| {
            let (name, own_ports) = &ports[own];
            let (peer, peer_ports) = &ports[1 - own];
            let tls = [&a_tls, &b_tls][own];
            let directory = root.join(name.as_str());
            fs::create_dir_all(&directory).unwrap();
            let settings = SiteSettings {
                estate: EstateName::new("test").unwrap(),
                role: SiteRole::Region(Box::new(RegionSettings {
                    sessions: None,
                    region: name.clone(),
                    peers: BTreeMap::from([(
                        peer.clone(),
                        format!("https://127.0.0.1:{}", peer_ports.agent),
                    )]),
                    lease: TIMING,
                    database: database(
                        &root,
                        &directory,
                        &seed,
                        own_ports.postgres,
                        tls,
                        name,
                        (peer, peer_ports),
                    ),
                })),
                directory: directory.clone(),
                listen: ([127, 0, 0, 1], own_ports.agent).into(),
                tls: tls.clone(),
                controller: witness.url.clone(),
                heartbeat_every: Span::from_millis(300),
                processes: processes(&directory),
            };
            let path = directory.join("site.json");
            fs::write(&path, serde_json::to_vec_pretty(&settings).unwrap()).unwrap();
            let url = format!("https://127.0.0.1:{}", own_ports.agent);
            Site {
                name: name.clone(),
                directory,
                client: AgentClient(Client::new(&url, &witness_tls, PATIENCE).unwrap()),
                port: own_ports.postgres,
                settings: path,
                owner: owner.clone(),
                agent: None,
            }
        });
        owner.take(&root);
        let [mut a, mut b] = sites;
        a.start().await;
        b.start().await;
        Self {
            a,
            b,
            witness,
            home: Some(home),
        }
    }

    /// Region a leads in generation 1, region b streams from it.
    pub async fn protected(processes: impl Fn(&Path) -> Vec<ProcessSettings>) -> Self {
        let world = Self::new(processes).await;
        world.a.lead(1, true).await;
        world.b.follow(1, "a").await;
        world.b.streams().await;
        world
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for site in [&mut self.a, &mut self.b] {
            site.kill();
        }
        if std::thread::panicking()
            && let Some(home) = self.home.take()
        {
            println!(
                "the world of the failed test is kept in {}",
                home.keep().display()
            );
        }
    }
}

impl Site {
    /// Starts the agent and waits until it answers.
    pub async fn start(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("agent.log"))
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-agent"));
        command
            .arg(&self.settings)
            .env("PLIMSOLL_LOG", "info,plimsoll_local=debug")
            .env("HOME", &self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.owner.apply(&mut command);
        self.agent = Some(command.spawn().unwrap());
        self.until("the agent answers", |_| true).await;
    }

    pub fn pid(&self) -> u32 {
        self.agent.as_ref().unwrap().id()
    }

    /// The whole region dies.
    pub fn kill(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let report = process_tree::kill(agent.id());
            assert_eq!(report.left, vec![]);
            agent.wait().unwrap();
        }
    }

    /// Only the agent dies.
    pub fn kill_agent_alone(&mut self) {
        let mut agent = self.agent.take().unwrap();
        agent.kill().unwrap();
        agent.wait().unwrap();
    }

    /// Asks until it leads, as the controller does: a machine that lets no agent run for a whole term takes its lease away.
    pub async fn lead(&self, generation: u64, bootstrap: bool) -> LeadReceipt {
        let request = LeadRequest {
            generation: Generation::new(generation),
            bootstrap,
            fenced: None,
        };
        let began = Instant::now();
        loop {
            let refused = match self.client.lead(&request).await {
                Ok(receipt) => return receipt,
                Err(refused) => refused,
            };
            let again = refused.problem().is_some_and(|problem| problem.status >= 500);
            assert!(again && began.elapsed() < PATIENCE, "{}: {refused}", self.name);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub async fn follow(&self, generation: u64, upstream: &str) {
        let request = FollowRequest {
            generation: Generation::new(generation),
            upstream: region(upstream),
        };
        self.client.follow(&request).await.unwrap();
    }

    /// Waits until the agent answers and what it sees is as it should be.
    pub async fn until(&self, what: &str, good: impl Fn(&Observation) -> bool) -> Observation {
        let (began, mut last) = (Instant::now(), None);
        loop {
            if let Ok(seen) = self.client.observe().await {
                if good(&seen) {
                    return seen;
                }
                last = Some(seen);
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{}: not in time: {what}; last: {last:#?}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn streams(&self) -> DatabaseObservation {
        let seen = self
            .until("the standby streams", |seen| {
                seen.database
                    .as_ref()
                    .is_some_and(|database| database.state == DatabaseState::Standby && database.streaming)
            })
            .await;
        seen.database.unwrap()
    }
}

fn database(
    root: &Path,
    directory: &Path,
    seed: &seed::Seed,
    port: u16,
    tls: &TlsFiles,
    name: &RegionName,
    (peer, peer_ports): (&RegionName, &Ports),
) -> DatabaseSettings {
    let (config_file, hba_file) = (directory.join("postgresql.conf"), directory.join("pg_hba.conf"));
    let socket_dir = directory.join("run/pg");
    let key = directory.join("postgres.key");
    fs::copy(&tls.key, &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let config = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
         ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n\
         wal_level = replica\nwal_log_hints = on\nhot_standby = on\nmax_wal_senders = 5\n\
         max_replication_slots = 5\nwal_keep_size = '64MB'\nwal_retrieve_retry_interval = '200ms'\n\
         wal_sender_timeout = '5s'\nwal_receiver_timeout = '5s'\nshared_buffers = '16MB'\n\
         max_connections = 30\nlog_min_messages = info\nlog_checkpoints = on\n",
        socket_dir.display(),
        tls.certificate.display(),
        key.display(),
    );
    fs::write(&config_file, config).unwrap();
    let hba = "local all all scram-sha-256\n\
               hostssl all replicator 127.0.0.1/32 scram-sha-256\n\
               hostssl replication replicator 127.0.0.1/32 scram-sha-256\n\
               host all plimsoll 127.0.0.1/32 scram-sha-256\n";
    fs::write(&hba_file, hba).unwrap();
    DatabaseSettings {
        bin_dir: seed::BIN_DIR.into(),
        data_dir: directory.join("data"),
        config_file,
        hba_file,
        socket_dir,
        port,
        tenant_database: "tenant".to_owned(),
        superuser: "plimsoll".to_owned(),
        superuser_password_file: root.join("superuser"),
        replication: ReplicationSettings {
            user: "replicator".to_owned(),
            passfile: root.join("replication.pgpass"),
            ca: tls.ca.clone(),
            slot: name.as_str().to_owned(),
            downstream_slots: vec![peer.as_str().to_owned()],
            upstreams: BTreeMap::from([(
                peer.clone(),
                Upstream {
                    host: "127.0.0.1".to_owned(),
                    port: peer_ports.postgres,
                },
            )]),
        },
        seed: seed.directory.clone(),
        seed_sql: vec![
            SeedSql {
                database: "postgres".to_owned(),
                file: seed.roles.clone(),
            },
            SeedSql {
                database: "tenant".to_owned(),
                file: seed.tenant.clone(),
            },
        ],
        lag_bytes_max: 1 << 20,
    }
}

/// An authority, and an identity for each of the names.
pub fn identities<const N: usize>(root: &Path, names: [&str; N]) -> [TlsFiles; N] {
    let ca = root.join("ca.pem");
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "authority of the test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    fs::write(&ca, authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    names.map(|name| {
        let hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let (mut leaf, key) = (
            CertificateParams::new(hosts).unwrap(),
            KeyPair::generate().unwrap(),
        );
        leaf.distinguished_name.push(rcgen::DnType::CommonName, name);
        let files = TlsFiles {
            ca: ca.clone(),
            certificate: root.join(format!("{name}.pem")),
            key: root.join(format!("{name}.key")),
        };
        fs::write(&files.certificate, leaf.signed_by(&key, &issuer).unwrap().pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    })
}
