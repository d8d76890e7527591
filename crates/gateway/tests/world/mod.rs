//! Two gateways as real processes over real TLS with real files.
#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

pub mod carrier;
pub mod disk;
mod erp_double;
mod identities;
pub mod leaving;
pub mod partner;
pub mod printers;
pub mod sshd;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use api::{
    client::Client,
    gateway::{Accepted, FollowRequest, GatewayClient, GatewayStatus, LeadRequest, MessageLine, PeerState},
};
use reqwest::StatusCode;
use tokio::sync::Semaphore;
use types::{
    ByteSize, Generation, IntegrationName, RegionName, Span,
    settings::{
        EdiSettings, EdiStandard, ErpSettings, GatewaySettings, IdempotencySource, IntegrationSettings,
        JournalSettings, LaneSettings, PayloadSettings, PeerSettings, Priority, ProofSettings, RetrySettings,
    },
};

pub use erp_double::ErpDouble;
pub use identities::{identities, tls};

pub const TOKEN: &str = "a-partner's-token";
pub const INCARNATION: &str = "8c1f0a52-6a0b-4a68-b1d7-0d3f6f1f0a01";
/// A loaded machine takes its time; what never comes is told after this.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How long an answer is waited for that comes. A region or an ERP that a loaded machine lets wait is not lost: a test
/// that loses one says so ([`impatient`], [`hasty`]), and no other sees a second copy lack or a message tried twice.
const ANSWERS_WITHIN: Span = Span::from_secs(60);

/// One region's gateway, as a process that can be killed.
pub struct Node {
    pub settings: GatewaySettings,
    pub control: GatewayClient,
    http: reqwest::Client,
    file: PathBuf,
    process: Option<Child>,
}

/// Two regions, an ERP each.
pub struct World {
    pub west: Node,
    pub east: Node,
    pub west_erp: ErpDouble,
    pub east_erp: ErpDouble,
    pub directory: tempfile::TempDir,
}

pub fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

/// A free port below those that the kernel gives to outgoing connections, which would take a port between our looking
/// and the gateway's binding it.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let offset = std::process::id() * 97 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(20_000 + offset % 12_000).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}

impl World {
    /// Both gateways run and wait.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with(adjust: impl Fn(&mut GatewaySettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        identities(
            root,
            &[
                "west-gateway",
                "east-gateway",
                "west-ingress",
                "controller",
                "cli",
            ],
        );
        std::fs::write(root.join("token"), format!("{TOKEN}\n")).unwrap();
        std::fs::write(root.join("key"), erp_double::KEY).unwrap();
        let (west_erp, east_erp) = (ErpDouble::start().await, ErpDouble::start().await);
        let (west_control, east_control) = (free_address(), free_address());
        let node = |name: &str, peer: &str, control, peer_control, erp: &ErpDouble| {
            let mut settings = settings(root, name, (peer, peer_control), control, erp.address);
            adjust(&mut settings);
            Node::new(root, settings)
        };
        let mut west = node("west", "east", west_control, east_control, &west_erp);
        let mut east = node("east", "west", east_control, west_control, &east_erp);
        west.start().await;
        east.start().await;
        Self {
            west,
            east,
            west_erp,
            east_erp,
            directory,
        }
    }

    /// West leads in the first generation, east follows, both are in sync.
    pub async fn in_sync() -> Self {
        Self::start().await.synchronised().await
    }

    /// The same of regions that run already.
    pub async fn synchronised(self) -> Self {
        self.east.follow(1, "west").await;
        self.west.lead(1, false).await;
        let in_sync = |status: &GatewayStatus| status.peer.state == PeerState::InSync;
        self.west.until(in_sync).await;
        self
    }
}

fn settings(
    root: &Path,
    name: &str,
    peer: (&str, SocketAddr),
    control: SocketAddr,
    erp: SocketAddr,
) -> GatewaySettings {
    GatewaySettings {
        estate: "example".parse().unwrap(),
        region: region(name),
        tenant: "example".parse().unwrap(),
        directory: root.join(name),
        ingest_listen: free_address(),
        ingest_loopback: None,
        certificates: None,
        control_listen: control,
        monitor_listen: None,
        tls: tls(root, &format!("{name}-gateway")),
        peer: Some(PeerSettings {
            region: region(peer.0),
            url: format!("https://localhost:{}", peer.1.port()),
            degrade_after: ANSWERS_WITHIN,
        }),
        journal: JournalSettings {
            directory: root.join(name).join("journal"),
            segment_size: ByteSize::mib(1),
            retention: None,
        },
        erp: ErpSettings {
            url: format!("http://{erp}"),
            database: "wms".to_owned(),
            key_file: root.join("key"),
            timeout: ANSWERS_WITHIN,
            people: Some(erp),
        },
        integrations: vec![
            integration(root, "acme-edi", lane()),
            integration(
                root,
                "web-shop",
                LaneSettings {
                    ordering: Some("/customer".to_owned()),
                    ..lane()
                },
            ),
            speaking(integration(root, "acme-x12", lane()), EdiStandard::X12),
            speaking(integration(root, "acme-edifact", lane()), EdiStandard::Edifact),
        ],
    }
}

/// Goes on alone soon after the other region is gone.
pub fn impatient(settings: &mut GatewaySettings) {
    settings.peer.as_mut().unwrap().degrade_after = Span::from_secs(2);
}

/// Gives up a call of the ERP that hangs.
pub fn hasty(settings: &mut GatewaySettings) {
    settings.erp.timeout = Span::from_secs(2);
}

/// The same with a partner that speaks EDI.
fn speaking(integration: IntegrationSettings, standard: EdiStandard) -> IntegrationSettings {
    let list = match standard {
        EdiStandard::X12 => "ZZ",
        EdiStandard::Edifact => "14",
    };
    let edi = EdiSettings {
        standard,
        us: format!("{list}:EXAMPLESELLER").parse().unwrap(),
        them: format!("{list}:EXAMPLEBUYER").parse().unwrap(),
        partner: "ACME".to_owned(),
        warehouse: None,
        confirm: true,
        send: Vec::new(),
        to: None,
        answer_within: Span::from_secs(2),
        test: true,
        mappings: Vec::new(),
    };
    IntegrationSettings {
        edi: Some(edi),
        ..integration
    }
}

fn integration(root: &Path, name: &str, lane: LaneSettings) -> IntegrationSettings {
    IntegrationSettings {
        name: IntegrationName::new(name).unwrap(),
        proof: ProofSettings::Bearer,
        secret_file: root.join("token"),
        idempotency: IdempotencySource::Pointer("/number".to_owned()),
        kind: "order.create".to_owned(),
        body_max: ByteSize::new(16 << 10),
        concurrency: 4,
        lane,
        payloads: PayloadSettings::default(),
        edi: None,
        files: None,
        outbound: None,
        scanner: None,
    }
}

/// How a lane is delivered: quick to try again, slow to give up.
pub fn lane() -> LaneSettings {
    LaneSettings {
        ordering: None,
        rate_max: None,
        priority: Priority::Normal,
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

impl Node {
    fn new(root: &Path, settings: GatewaySettings) -> Self {
        let file = root.join(format!("{}.json", settings.region));
        std::fs::write(&file, serde_json::to_vec(&settings).unwrap()).unwrap();
        let url = format!("https://localhost:{}", settings.control_listen.port());
        let client = Client::new(&url, &tls(root, "controller"), PATIENCE).unwrap();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(api::tls::public_client(&root.join("ca.pem")).unwrap())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            settings,
            control: GatewayClient(client),
            http,
            file,
            process: None,
        }
    }

    /// Posts orders one after the other until told to stop; returns those that were acknowledged.
    pub fn load(
        &self,
        prefix: &str,
        stop: tokio_util::sync::CancellationToken,
    ) -> tokio::task::JoinHandle<Vec<String>> {
        let (http, url, prefix) = (self.http.clone(), self.ingest("/in/acme-edi"), prefix.to_owned());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                if stop.is_cancelled() {
                    break;
                }
                let id = format!("{prefix}-{number}");
                let sent = http
                    .post(&url)
                    .bearer_auth(TOKEN)
                    .body(order(&id, 1))
                    .send()
                    .await;
                match sent {
                    Ok(response) if response.status().is_success() => acknowledged.push(id),
                    Ok(_) | Err(_) => tokio::task::yield_now().await,
                }
            }
            acknowledged
        })
    }

    /// Starts the process, and returns when it answers.
    pub async fn start(&mut self) {
        let log = self.file.with_extension("log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_plimsoll-gateway"))
            .arg(&self.file)
            .env("RUST_LOG", "info,plimsoll_gateway=debug")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        self.until(|_| true).await;
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        let mut process = self.process.take().unwrap();
        tokio::task::spawn_blocking(move || process.wait())
            .await
            .unwrap()
            .unwrap()
    }

    /// SIGSTOP or SIGCONT.
    pub fn signal(&self, name: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub async fn lead(&self, generation: u64, peer_gone: bool) {
        self.try_lead(generation, INCARNATION, peer_gone).await.unwrap();
    }

    pub async fn try_lead(
        &self,
        generation: u64,
        incarnation: &str,
        peer_gone: bool,
    ) -> Result<(), api::client::Error> {
        let generation = Generation::new(generation);
        let request = LeadRequest {
            generation,
            incarnation: incarnation.to_owned(),
            peer_gone,
            old_end: None,
        };
        self.control.lead(&request).await.map(|_| ())
    }

    pub async fn follow(&self, generation: u64, leader: &str) {
        let request = FollowRequest {
            generation: Generation::new(generation),
            leader: region(leader),
        };
        self.control.follow(&request).await.unwrap();
    }

    /// Waits until the status is as wanted.
    pub async fn until(&self, wanted: impl Fn(&GatewayStatus) -> bool) -> GatewayStatus {
        let began = Instant::now();
        loop {
            let status = self.control.status().await;
            match &status {
                Ok(status) if wanted(status) => return status.clone(),
                _ if began.elapsed() > PATIENCE => {
                    let log = std::fs::read_to_string(self.file.with_extension("log")).unwrap();
                    panic!("{}: waited in vain: {status:#?}\n{log}", self.settings.region);
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    pub fn ingest(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.settings.ingest_listen.port())
    }

    /// Speaks to it as the command line does.
    pub fn operator(&self) -> GatewayClient {
        let root = self.file.parent().unwrap();
        let client = Client::new(self.control.0.base(), &tls(root, "cli"), PATIENCE);
        GatewayClient(client.unwrap())
    }

    /// Posts a body as the partner does.
    pub async fn post(&self, body: String) -> Result<(StatusCode, Vec<u8>), reqwest::Error> {
        self.post_to("acme-edi", body).await
    }

    /// The same for another integration.
    pub async fn post_to(&self, name: &str, body: String) -> Result<(StatusCode, Vec<u8>), reqwest::Error> {
        let request = self
            .http
            .post(self.ingest(&format!("/in/{name}")))
            .bearer_auth(TOKEN)
            .body(body);
        let response = request.send().await?;
        Ok((response.status(), response.bytes().await?.to_vec()))
    }

    /// Posts an interchange; status, arrival and the answer's text.
    pub async fn interchange(&self, integration: &str, bytes: &[u8]) -> (u16, String, String) {
        let request = self.request(reqwest::Method::POST, &format!("/in/{integration}"));
        let response = request
            .bearer_auth(TOKEN)
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let arrival = response.headers().get("x-plimsoll-arrival").cloned();
        let arrival = arrival
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        (status, arrival, response.text().await.unwrap())
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.ingest(path))
    }

    /// Posts an order and expects it to be taken.
    pub async fn order(&self, number: &str) -> Accepted {
        let (status, body) = self.post(order(number, 1)).await.unwrap();
        assert!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).unwrap()
    }

    /// Posts orders at the same time, over so many connections that a loaded machine is done with their handshakes before
    /// the gateway gives them up.
    pub async fn orders(&self, numbers: impl IntoIterator<Item = String>) {
        let connections = Arc::new(Semaphore::new(32));
        let orders = numbers.into_iter().map(|number| {
            let (http, url) = (self.http.clone(), self.ingest("/in/acme-edi"));
            let connections = Arc::clone(&connections);
            tokio::spawn(async move {
                let _one = connections.acquire().await.unwrap();
                let sent = http
                    .post(url)
                    .bearer_auth(TOKEN)
                    .body(order(&number, 1))
                    .send()
                    .await
                    .unwrap();
                assert_eq!(sent.status(), StatusCode::ACCEPTED, "{number}");
            })
        });
        for order in orders.collect::<Vec<_>>() {
            order.await.unwrap();
        }
    }

    /// Everything in its journal.
    pub async fn messages(&self) -> Vec<MessageLine> {
        let integration = IntegrationName::new("acme-edi").unwrap();
        self.control
            .messages(&integration, 0, 10_000)
            .await
            .unwrap()
            .messages
    }

    /// Ids in its journal, in order.
    pub async fn ids(&self) -> Vec<String> {
        self.messages()
            .await
            .into_iter()
            .map(|line| line.message_id)
            .collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

pub fn order(number: &str, quantity: u32) -> String {
    format!(r#"{{"number": "{number}", "lines": [{{"sku": "PLS-0001", "quantity": {quantity}}}]}}"#)
}

pub fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| format!("PO-{number:05}")).collect()
}
