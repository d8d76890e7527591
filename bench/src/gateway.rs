//! A real gateway process of one region, leading, on a directory of its own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use api::{
    client::Client,
    gateway::{GatewayClient, GatewayStatus, LeadRequest, PeerState, reconciliation::ReconciliationReport},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use types::{
    ByteSize, Generation, IntegrationName, RegionName, Span,
    settings::{
        ErpSettings, GatewaySettings, IdempotencySource, IntegrationSettings, JournalSettings, LaneSettings,
        PayloadSettings, PeerSettings, Priority, ProofSettings, RetrySettings, TlsFiles,
    },
};

/// The partner's token.
pub const TOKEN: &str = "a-partner's-token";

/// The region of a gateway without another one; its journal is in `one-journal`.
pub const ALONE: &str = "one";

/// Messages in one page.
const PAGE: u32 = 10_000;

/// A gateway process; killed when dropped.
pub struct Gateway {
    process: Child,
    settings: GatewaySettings,
    file: PathBuf,
    program: PathBuf,
    root: PathBuf,
}

impl Gateway {
    /// Starts one with that many integrations (`lane-0`, `lane-1`, …) and makes it lead. Where nobody listens at the
    /// ERP's address, deliveries wait, which is what a lane does while its ERP is down.
    pub fn start(program: &Path, root: &Path, integrations: usize, erp: SocketAddr) -> anyhow::Result<Self> {
        Self::start_wide(program, root, integrations, 1, erp)
    }

    /// The same with that many deliveries at a time in each lane.
    pub fn start_wide(
        program: &Path,
        root: &Path,
        integrations: usize,
        concurrency: u16,
        erp: SocketAddr,
    ) -> anyhow::Result<Self> {
        prepare(root, &[ALONE])?;
        let mut settings = settings(root, ALONE, integrations, erp)?;
        for one in &mut settings.integrations {
            one.concurrency = concurrency;
        }
        let gateway = Self::spawned(program, root, settings)?;
        gateway.lead(1, false)?;
        Ok(gateway)
    }

    /// Starts two of one integration, the first of which leads and copies to the second; what it sends there goes to
    /// the address that `through` makes of the second one's.
    pub fn start_pair(
        program: &Path,
        root: &Path,
        through: impl FnOnce(SocketAddr) -> SocketAddr,
    ) -> anyhow::Result<(Self, Self)> {
        prepare(root, &["first", "second"])?;
        let erp = free_address()?;
        let (mut leads, mut follows) = (
            settings(root, "first", 1, erp)?,
            settings(root, "second", 1, erp)?,
        );
        let peer = |region: &RegionName, at: SocketAddr| PeerSettings {
            region: region.clone(),
            url: format!("https://localhost:{}", at.port()),
            // What is measured is two copies; an answer that says one is counted, and refused here.
            degrade_after: Span::from_secs(30),
        };
        leads.peer = Some(peer(&follows.region, through(follows.control_listen)));
        follows.peer = Some(peer(&leads.region, leads.control_listen));
        let follows = Self::spawned(program, root, follows)?;
        let leads = Self::spawned(program, root, leads)?;
        leads.lead(1, false)?;
        leads.wait_until(|status| status.peer.state == PeerState::InSync)?;
        Ok((leads, follows))
    }

    fn spawned(program: &Path, root: &Path, settings: GatewaySettings) -> anyhow::Result<Self> {
        let file = root.join(format!("{}.json", settings.region));
        std::fs::write(&file, serde_json::to_vec(&settings)?)?;
        Ok(Self {
            process: spawn(program, &file)?,
            settings,
            file,
            program: program.to_path_buf(),
            root: root.to_path_buf(),
        })
    }

    /// Where messages are posted.
    pub fn ingest(&self) -> SocketAddr {
        self.settings
            .ingest_loopback
            .unwrap_or(self.settings.ingest_listen)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again, and says how long it took until it could lead.
    pub fn start_again(&mut self, generation: u64) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.process = spawn(&self.program, &self.file)?;
        self.lead(generation, false)?;
        Ok(began.elapsed())
    }

    /// The other one is gone: it leads alone from now on.
    pub fn take_over(&self) -> anyhow::Result<()> {
        self.lead(2, true)
    }

    /// Messages that were acknowledged on one copy, ever.
    pub fn acknowledged_alone(&self) -> anyhow::Result<u64> {
        Ok(runtime()?
            .block_on(self.client()?.status())?
            .peer
            .acknowledged_alone)
    }

    fn wait_until(&self, reached: impl Fn(&GatewayStatus) -> bool) -> anyhow::Result<()> {
        let (client, deadline) = (self.client()?, Instant::now() + Duration::from_secs(60));
        runtime()?.block_on(async {
            while !client.status().await.is_ok_and(|status| reached(&status)) {
                anyhow::ensure!(Instant::now() < deadline, "the gateway does not become ready");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        })
    }

    /// Ids of all messages that it can read.
    pub fn message_ids(&self) -> anyhow::Result<Vec<String>> {
        let (client, integration) = (self.client()?, IntegrationName::new("lane-0")?);
        runtime()?.block_on(async {
            let (mut ids, mut after) = (Vec::new(), 0);
            loop {
                let page = client.messages(&integration, after, PAGE).await?;
                ids.extend(page.messages.into_iter().map(|line| line.message_id));
                match page.next_after {
                    Some(next) => after = next,
                    None => return Ok(ids),
                }
            }
        })
    }

    /// Its last comparison with the ERP.
    pub fn reconciliation(&self) -> anyhow::Result<Option<ReconciliationReport>> {
        let client = self.client()?;
        Ok(runtime()?.block_on(client.reconciliation())?)
    }

    fn client(&self) -> anyhow::Result<GatewayClient> {
        let url = format!("https://localhost:{}", self.settings.control_listen.port());
        let client = Client::new(&url, &tls(&self.root, "controller"), Duration::from_secs(10))?;
        Ok(GatewayClient(client))
    }

    fn lead(&self, generation: u64, peer_gone: bool) -> anyhow::Result<()> {
        let client = self.client()?;
        let request = LeadRequest {
            generation: Generation::new(generation),
            incarnation: "8c1f0a52-6a0b-4a68-b1d7-0d3f6f1f0a01".to_owned(),
            peer_gone,
            old_end: None,
        };
        let deadline = Instant::now() + Duration::from_secs(120);
        runtime()?.block_on(async {
            loop {
                match client.lead(&request).await {
                    Ok(_) => return Ok(()),
                    Err(error) if Instant::now() > deadline => bail!("the gateway does not lead: {error}"),
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

fn spawn(program: &Path, file: &Path) -> anyhow::Result<Child> {
    Command::new(program)
        .arg(file)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("start {}", program.display()))
}

/// Certificates and secrets.
fn prepare(root: &Path, regions: &[&str]) -> anyhow::Result<()> {
    let gateways = regions.iter().map(|region| format!("{region}-gateway"));
    let programs: Vec<String> = gateways.chain(["controller".to_owned()]).collect();
    identities(root, &programs)?;
    std::fs::write(root.join("token"), TOKEN)?;
    Ok(std::fs::write(root.join("key"), "no-erp")?)
}

fn settings(
    root: &Path,
    name: &str,
    integrations: usize,
    erp: SocketAddr,
) -> anyhow::Result<GatewaySettings> {
    let lanes = (0..integrations).map(|number| {
        Ok(IntegrationSettings {
            name: IntegrationName::new(format!("lane-{number}"))?,
            proof: ProofSettings::Bearer,
            secret_file: root.join("token"),
            idempotency: IdempotencySource::Header("Idempotency-Key".to_owned()),
            kind: "order.create".to_owned(),
            body_max: ByteSize::new(64 << 10),
            concurrency: 1,
            lane: lane(),
            payloads: PayloadSettings::default(),
            edi: None,
            files: None,
            outbound: None,
            scanner: None,
        })
    });
    Ok(GatewaySettings {
        estate: "bench".parse()?,
        region: RegionName::new(name)?,
        tenant: "bench".parse()?,
        directory: root.join(name),
        ingest_listen: free_address()?,
        ingest_loopback: Some(free_address()?),
        certificates: None,
        control_listen: free_address()?,
        monitor_listen: None,
        tls: tls(root, &format!("{name}-gateway")),
        peer: None,
        journal: JournalSettings {
            directory: root.join(format!("{name}-journal")),
            segment_size: ByteSize::mib(64),
            retention: None,
        },
        erp: ErpSettings {
            url: format!("http://{erp}"),
            database: "none".to_owned(),
            key_file: root.join("key"),
            timeout: Span::from_secs(1),
            people: None,
        },
        integrations: lanes.collect::<anyhow::Result<_>>()?,
    })
}

/// How a lane is delivered: quick to try again, slow to give up.
pub fn lane() -> LaneSettings {
    LaneSettings {
        ordering: None,
        rate_max: None,
        priority: Priority::default(),
        retry: RetrySettings {
            first: Span::from_millis(25),
            longest: Span::from_secs(1),
            give_up: Span::from_hours(24),
        },
        outage: Span::from_hours(24),
        partner: None,
        criticality: "important".to_owned(),
        owner: None,
    }
}

/// A port that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn tls(root: &Path, name: &str) -> TlsFiles {
    TlsFiles {
        ca: root.join("ca.pem"),
        certificate: root.join(format!("{name}.pem")),
        key: root.join(format!("{name}.key")),
    }
}

fn identities(root: &Path, names: &[String]) -> anyhow::Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(DnType::CommonName, "bench authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    std::fs::write(root.join("ca.pem"), authority.pem())?;
    for name in names {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, name.as_str());
        let certificate = parameters.signed_by(&key, &authority)?;
        std::fs::write(root.join(format!("{name}.pem")), certificate.pem())?;
        std::fs::write(root.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}
