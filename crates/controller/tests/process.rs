//! The real `plimsolld`: it listens with mutual TLS, votes, dies where it is told to, and stops when asked.

#[cfg(test)]
mod process {
    use std::{
        io::{BufRead as _, BufReader},
        os::unix::process::ExitStatusExt as _,
        path::Path,
        process::{Child, Command, Stdio},
        time::Duration,
    };

    use api::{
        client::{Client, Error},
        controller::ControllerClient,
        lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest, VoterClient},
        site::{LeaseState, Observation, Role, Site},
    };
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use types::{Generation, RegionName, Timestamp, settings::TlsFiles};
    use uuid::Uuid;

    /// A loaded machine takes its time; what never comes is told after this.
    const PATIENCE: Duration = Duration::from_secs(120);

    fn identity(directory: &Path, name: &str) -> TlsFiles {
        let file = |suffix: &str| directory.join(format!("{name}.{suffix}"));
        TlsFiles {
            ca: directory.join("ca.pem"),
            certificate: file("pem"),
            key: file("key"),
        }
    }

    /// An authority and two identities.
    fn write_identities(directory: &Path, ca: &str, names: &[&str]) {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&authority_key).unwrap();
        std::fs::write(directory.join(ca), certificate.pem()).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        for name in names {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, *name);
            let files = identity(directory, name);
            std::fs::write(files.certificate, params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
            std::fs::write(files.key, key.serialize_pem()).unwrap();
        }
    }

    fn settings(directory: &Path) -> serde_json::Value {
        // Nobody listens at port 1: every call of the controller is refused at once.
        let nobody = "https://localhost:1";
        let endpoints =
            |region: &str| serde_json::json!({ "region": region, "agent": nobody, "gateway": nobody });
        serde_json::json!({
            "estate": "estate", "tenant": "tenant", "listen": "127.0.0.1:0",
            "tls": identity(directory, "controller"),
            "store": directory.join("store.sqlite"),
            "front_door": nobody, "public_url": "https://localhost",
            "regions": [endpoints("west"), endpoints("north")],
            "capabilities": [],
            "lease": { "ttl": "3s", "renew_every": "500ms", "margin": "300ms" },
            "failover": {
                "authority": "automatic", "region_lost_after": "1s500ms", "database_lost_after": "5s",
                "hold_off": "1m", "lag_bytes_max": 1 << 20
            }
        })
    }

    struct Daemon {
        child: Child,
        base: String,
    }

    impl Daemon {
        fn start(directory: &Path, crash_at: Option<&str>) -> Self {
            let path = directory.join("settings.json");
            std::fs::write(&path, settings(directory).to_string()).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_plimsolld"));
            command.arg(path).stderr(Stdio::piped());
            if let Some(point) = crash_at {
                command.env("PLIMSOLL_CRASH_AT", point);
            }
            let mut child = command.spawn().unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap())
                .lines()
                .map_while(Result::ok);
            let listen = lines
                .find_map(|line| {
                    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
                    line["fields"]["listen"].as_str().map(str::to_owned)
                })
                .unwrap();
            // The rest is read too, so that the daemon never waits for a full pipe.
            std::thread::spawn(move || lines.for_each(drop));
            let port = listen.rsplit(':').next().unwrap().to_owned();
            Self {
                child,
                base: format!("https://localhost:{port}"),
            }
        }

        fn client(&self, identity: &TlsFiles) -> Client {
            Client::new(&self.base, identity, PATIENCE).unwrap()
        }
    }

    impl Drop for Daemon {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    fn waiting(name: &str) -> Observation {
        Observation {
            site: Site::Region(region(name)),
            at: Timestamp::from_micros(0),
            run: Uuid::nil(),
            role: Role::Waiting,
            generation: Generation::NONE,
            lease: LeaseState::None,
            database: None,
            leader: None,
            unreached: std::collections::BTreeMap::new(),
            room: None,
            components: Vec::new(),
        }
    }

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        write_identities(
            directory.path(),
            "ca.pem",
            &["controller", "cli", "west-agent", "north-agent"],
        );
        directory
    }

    #[tokio::test]
    async fn it_votes_over_mutual_tls_remembers_and_stops_cleanly() {
        let directory = directory();
        let agent = identity(directory.path(), "west-agent");
        let mut daemon = Daemon::start(directory.path(), None);
        let voter = VoterClient(daemon.client(&agent));
        let promise = PromiseRequest {
            generation: Generation::new(2),
            candidate: region("west"),
        };
        let promised = voter.promise(&promise).await.unwrap();
        assert_eq!(
            promised,
            PromiseReply::Promised {
                older_grant_ends_in_ms: 0
            }
        );

        let status = ControllerClient(daemon.client(&agent)).status().await.unwrap();
        assert_eq!((status.active, status.decision.as_str()), (None, "nothing to do"));

        let process = rustix::process::Pid::from_child(&daemon.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        assert_eq!(daemon.child.wait().unwrap().code(), Some(0));

        let heir = Daemon::start(directory.path(), None);
        let voter = VoterClient(heir.client(&agent));
        let renew = RenewRequest {
            holder: region("west"),
            generation: Generation::FIRST,
            serves: true,
        };
        let refused = voter.renew(&renew, PATIENCE).await.unwrap();
        assert_eq!(
            refused,
            RenewReply::Refused {
                promised: Generation::new(2)
            }
        );
    }

    #[tokio::test]
    async fn a_certificate_gives_its_program_the_rights_of_that_program_alone() {
        let directory = directory();
        let daemon = Daemon::start(directory.path(), None);
        let client = |name: &str| daemon.client(&identity(directory.path(), name));
        let code = |answer: Result<_, Error>| {
            let error: Error = Result::<api::site::Done, Error>::unwrap_err(answer);
            let problem = error.problem().unwrap().clone();
            (problem.status, problem.code)
        };
        let forbidden = (403, "PL0506".to_owned());
        for (name, report) in [("west-agent", "north"), ("cli", "west"), ("controller", "west")] {
            let answer = ControllerClient(client(name)).heartbeat(&waiting(report)).await;
            assert_eq!(code(answer), forbidden, "{name}");
        }
        let answer = ControllerClient(client("west-agent")).stop().await;
        assert_eq!(code(answer), forbidden);
        let promise = PromiseRequest {
            generation: Generation::new(2),
            candidate: region("west"),
        };
        let stolen = VoterClient(client("north-agent")).promise(&promise).await;
        assert_eq!(stolen.unwrap_err().problem().unwrap().code, "PL0506");
        ControllerClient(client("west-agent"))
            .heartbeat(&waiting("west"))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_stranger_is_not_served() {
        let directory = directory();
        let daemon = Daemon::start(directory.path(), None);
        let strange = tempfile::tempdir().unwrap();
        write_identities(strange.path(), "own-ca.pem", &["stranger"]);
        let stranger = TlsFiles {
            ca: directory.path().join("ca.pem"),
            ..identity(strange.path(), "stranger")
        };
        let answer = ControllerClient(daemon.client(&stranger)).status().await;
        assert!(matches!(answer, Err(Error::NoAnswer { .. })), "{answer:?}");
    }

    #[tokio::test]
    async fn it_dies_where_it_is_told_to_and_its_heir_finds_the_saga() {
        let directory = directory();
        let agent = identity(directory.path(), "west-agent");
        let mut daemon = Daemon::start(directory.path(), Some("claim_generation:after-act"));
        let controller = ControllerClient(daemon.client(&agent));
        let north = ControllerClient(daemon.client(&identity(directory.path(), "north-agent")));
        north.heartbeat(&waiting("north")).await.unwrap();
        // Hearing the last of the regions begins the estate; the answer may come before or after the death.
        let _ = controller.heartbeat(&waiting("west")).await;
        assert_eq!(daemon.child.wait().unwrap().signal(), Some(6), "abort");

        let heir = Daemon::start(directory.path(), None);
        let controller = ControllerClient(heir.client(&agent));
        let running = controller.status().await.unwrap().running.unwrap();
        assert_eq!(
            (running.kind.as_str(), running.state.as_str()),
            ("bootstrap", "running")
        );
        let twice = ["claim_generation started", "claim_generation started"];
        let mut begun = Vec::new();
        let asked = std::time::Instant::now();
        while begun.len() < twice.len() && asked.elapsed() < PATIENCE {
            let record = controller.saga(&running.id).await.unwrap();
            begun = record
                .events
                .iter()
                .map(|event| format!("{} {}", event.node, event.kind))
                .collect();
        }
        assert_eq!(begun[..2], twice);
        let cli = identity(directory.path(), "cli");
        let stopped = ControllerClient(heir.client(&cli)).stop().await;
        assert!(stopped.is_ok(), "{stopped:?}");
    }
}
