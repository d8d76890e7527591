//! The front door: routes by generation, and the page while there is none.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use api::{
    client::Client,
    site::{AgentClient, Observation, Role, Route, RouteRequest},
};
use types::{
    EstateName, Generation, Span,
    settings::{FrontDoorSettings, SiteRole, SiteSettings},
};

use crate::world::{PATIENCE, free_port, identities, region};

fn request(generation: u64, route: Route) -> RouteRequest {
    RouteRequest {
        generation: Generation::new(generation),
        route,
    }
}

async fn answers(client: &AgentClient) -> Observation {
    let began = Instant::now();
    loop {
        if let Ok(seen) = client.observe().await {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "the agent does not answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn get(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"GET /odoo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_put_in_place_by_generation_and_survives_a_restart() {
    let _turn = crate::turn().await;
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let [tls, controller] = identities(root, ["front-door", "controller"]);
    let rendered = |name: &str| {
        let path = root.join(format!("{name}.yaml"));
        fs::write(&path, name).unwrap();
        path
    };
    let (listen, page) = (free_port(), free_port());
    let settings = SiteSettings {
        estate: EstateName::new("test").unwrap(),
        role: SiteRole::FrontDoor(FrontDoorSettings {
            live_file: root.join("live/routes.yaml"),
            regions: [(region("a"), rendered("to-a")), (region("b"), rendered("to-b"))].into(),
            failing_over_to: [(region("b"), rendered("failing-over-to-b"))].into(),
            maintenance: rendered("maintenance"),
            ingresses: [].into(),
            public_url: "https://127.0.0.1:9".to_owned(),
            maintenance_listen: ([127, 0, 0, 1], page).into(),
            maintenance_page: rendered("page"),
            maintenance_retry_after: Span::from_secs(5),
        }),
        directory: root.join("front-door"),
        listen: ([127, 0, 0, 1], listen).into(),
        controller: "https://127.0.0.1:9".to_owned(),
        heartbeat_every: Span::from_millis(200),
        tls: tls.clone(),
        processes: vec![],
    };
    let file = root.join("site.json");
    fs::write(&file, serde_json::to_vec(&settings).unwrap()).unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-agent"));
        command.arg(&file).stdin(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let live = || fs::read_to_string(root.join("live/routes.yaml")).unwrap();
    let url = format!("https://127.0.0.1:{listen}");
    let client = AgentClient(Client::new(&url, &controller, PATIENCE).unwrap());

    let mut agent = start();
    assert_eq!(answers(&client).await.role, Role::Routing(None));
    assert_eq!(live(), "maintenance");
    let answer = get(page);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("retry-after: 5\r\n") && answer.ends_with("page"),
        "{answer}"
    );

    let a = Route::Region(region("a"));
    client.route(&request(1, a.clone())).await.unwrap();
    assert_eq!(live(), "to-a");
    let over = Route::FailingOverTo(region("b"));
    client.route(&request(2, over)).await.unwrap();
    assert_eq!(live(), "failing-over-to-b");
    let b = Route::Region(region("b"));
    client.route(&request(2, b.clone())).await.unwrap();
    let stale = client.route(&request(1, a)).await.unwrap_err();
    assert!(stale.problem().unwrap().is_stale());
    let unknown = client.route(&request(3, Route::Region(region("c")))).await;
    assert!(unknown.is_err());
    assert_eq!(live(), "to-b");

    agent.kill().unwrap();
    agent.wait().unwrap();
    fs::remove_file(root.join("live/routes.yaml")).unwrap();
    let mut agent = start();
    let seen = answers(&client).await;
    assert_eq!(
        (seen.role, seen.generation),
        (Role::Routing(Some(b)), Generation::new(2))
    );
    assert_eq!(live(), "to-b");
    client.stop().await.unwrap();
    assert!(agent.wait().unwrap().success());
}
