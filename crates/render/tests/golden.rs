//! The rendered tree of the example estate, reviewed as files below `tests/golden/`.
//!
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-render`, then read the difference.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use plimsoll_render as render;
use types::{
    FileTree,
    host::{Host, Layout, Programs},
};

const EXAMPLE: &str = "two-warehouse-distributor";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn host(estate: &estate::Estate) -> Host {
    let mut ports: BTreeMap<String, u16> = plan::ports(estate).into_iter().zip(20_001..).collect();
    ports.insert("front-door/public".to_owned(), 8443);
    Host {
        layout: Layout::new(format!("/srv/plimsoll/estates/{EXAMPLE}")),
        programs: Programs {
            postgres_bin_dir: "/usr/lib/postgresql/15/bin".into(),
            postgres_major: 15,
            redis_server: "/usr/bin/redis-server".into(),
            traefik: "/srv/plimsoll/runtime/tools/bin/traefik".into(),
            odoo_python: "/srv/plimsoll/runtime/odoo/venv/bin/python".into(),
            odoo_dist: "/srv/plimsoll/runtime/odoo/dist".into(),
            addons: "/srv/plimsoll/runtime/addons".into(),
            odoo_launcher: "/srv/plimsoll/runtime/addons/launcher/odoo_plimsoll.py".into(),
            gateway: format!("/srv/plimsoll/estates/{EXAMPLE}/bin/plimsoll-gateway").into(),
        },
        ports,
        sites: types::host::Sites::default(),
        seed: format!("/srv/plimsoll/estates/{EXAMPLE}/seed").into(),
    }
}

fn example() -> (estate::Estate, Host) {
    let text = fs::read_to_string(repository().join(format!("examples/estates/{EXAMPLE}.yaml"))).unwrap();
    let estate = estate::read(EXAMPLE, &text).unwrap().estate;
    let host = host(&estate);
    (estate, host)
}

fn rendered(estate: &estate::Estate, host: &Host) -> FileTree {
    let (blueprint, _) = plan::local(estate, None, host).unwrap();
    render::local(&blueprint).unwrap()
}

fn files_below(root: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_example_renders_as_reviewed() {
    let (estate, host) = example();
    let tree = rendered(&estate, &host);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(EXAMPLE);
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(&golden);
        for (path, content) in tree.iter() {
            let file = golden.join(path.as_str());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    let mut expected = BTreeMap::new();
    files_below(&golden, &golden, &mut expected);
    let names: Vec<&str> = tree.iter().map(|(path, _)| path.as_str()).collect();
    let expected_names: Vec<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(
        names, expected_names,
        "other files than reviewed; BLESS=1 takes them over"
    );
    for (path, content) in tree.iter() {
        assert_eq!(
            content,
            expected[path.as_str()],
            "{path:?} differs; BLESS=1 takes it over"
        );
    }
}

#[test]
fn rendering_and_planning_again_change_nothing() {
    let (estate, host) = example();
    let first = rendered(&estate, &host);
    assert_eq!(rendered(&estate, &host), first);
    // The settings say the same after a round trip through the files.
    let text = first.get("controller.json").unwrap();
    let settings: types::settings::ControllerSettings = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&settings).unwrap() + "\n", text);
}

#[test]
fn every_file_that_settings_name_below_rendered_exists() {
    let (estate, host) = example();
    let tree = rendered(&estate, &host);
    let prefix = format!("{}/", host.layout.rendered().display());
    let mut named = 0;
    for (_, content) in tree.iter() {
        for rest in content.split(prefix.as_str()).skip(1) {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c)))
                .unwrap_or(rest.len());
            assert!(
                tree.get(&rest[..end]).is_some(),
                "{} is named but not rendered",
                &rest[..end]
            );
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn no_secret_is_rendered_only_paths_to_them() {
    let (estate, host) = example();
    let tree = rendered(&estate, &host);
    let lines = tree.iter().flat_map(|(_, content)| content.lines());
    let suspects: Vec<&str> = lines
        .filter(|line| line.contains("requirepass") || line.contains("password ="))
        .collect();
    assert_eq!(suspects, Vec::<&str>::new());
}

#[test]
fn a_value_that_a_line_format_cannot_hold_is_refused() {
    let (estate, host) = example();
    let (blueprint, _) = plan::local(&estate, None, &host).unwrap();
    type Break = fn(&mut plan::RegionBlueprint);
    let breaks: [Break; 3] = [
        |region| region.postgres.data_dir = "/srv/a\nb".into(),
        |region| region.odoo[0].data_dir = "/srv/a\nb".into(),
        |region| region.redis.directory = "/srv/a\"b".into(),
    ];
    for break_it in breaks {
        let mut blueprint = blueprint.clone();
        break_it(&mut blueprint.regions[0]);
        let error = render::local(&blueprint).unwrap_err();
        assert!(matches!(error, render::Error::Unquotable { .. }), "{error}");
    }
}

#[test]
fn partners_with_certificates_and_partners_with_files_reach_the_gateway() {
    let text = fs::read_to_string(repository().join(format!("examples/estates/{EXAMPLE}.yaml"))).unwrap();
    let text = text.replacen(
        "      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n",
        "      idempotency: { header: Idempotency-Key }\n      authentication: { mutualTls: { secret: parcel-key } }\n",
        1,
    );
    let key = "SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa";
    let text = text.replacen(
        "      idempotency: { pointer: /client_order_ref }\n      bodyMax: 256KiB\n",
        &format!(
            "      idempotency: file\n      protocol: sftp\n      address: files.shop.example.org:2222\n      files: {{ directory: /out, \
             user: distributor, hostKeys: [\"{key}\"] }}\n"
        ),
        1,
    );
    let estate = estate::read(EXAMPLE, &text).unwrap().estate;
    let host = host(&estate);
    let tree = rendered(&estate, &host);
    let yaml = |path: &str| tree.get(path).unwrap().to_owned();
    for route in ["region-westeurope", "failing-over-to-northeurope"] {
        let route = yaml(&format!("front-door/routes/{route}.yml"));
        let (asked, partners) = ("clientAuthType: RequestClientCert", "- partner-certificate");
        assert!(
            route.contains(asked) && route.contains(partners) && route.contains("certFile"),
            "{route}"
        );
        assert!(route.contains("passTLSClientCert:"), "{route}");
    }
    let maintenance = yaml("front-door/routes/maintenance.yml");
    assert!(maintenance.contains("RequestClientCert"), "{maintenance}");
    let ingress = yaml("westeurope/traefik/dynamic.yml");
    let identity = "westeurope-ingress";
    assert!(ingress.contains("RequireAndVerifyClientCert"), "{ingress}");
    assert!(
        ingress.matches(identity).count() >= 4,
        "it proves itself to the gateway: {ingress}"
    );
    let settings: types::settings::GatewaySettings =
        serde_json::from_str(tree.get("westeurope/gateway.json").unwrap()).unwrap();
    assert_eq!(
        settings.integrations[0].proof,
        types::settings::ProofSettings::MutualTls
    );
    let shop = &settings.integrations[1];
    let files = shop.files.as_ref().unwrap();
    let types::settings::FilesFrom::Sftp(server) = &files.from else {
        panic!("{files:?}");
    };
    assert_eq!(
        (
            server.host.as_str(),
            server.port,
            server.user.as_str(),
            server.host_keys.as_slice()
        ),
        (
            "files.shop.example.org",
            2222,
            "distributor",
            &[key.to_owned()][..]
        )
    );
    assert_eq!(
        (server.secret_file.clone(), files.directory.as_str()),
        (shop.secret_file.clone(), "/out")
    );
}

#[test]
fn documents_of_edi_are_put_on_the_server_from_which_files_are_fetched() {
    let text = fs::read_to_string(repository().join(format!("examples/estates/{EXAMPLE}.yaml"))).unwrap();
    let key = "SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIKexampleexampleexa";
    let text = text.replacen(
        "      idempotency: { pointer: /client_order_ref }\n      bodyMax: 256KiB\n",
        &format!(
            "      idempotency: file\n      protocol: sftp\n      address: files.shop.example.org:2222\n      files: {{ directory: /out, \
             user: distributor, format: x12, hostKeys: [\"{key}\"] }}\n      edi: {{ us: ZZ:EXAMPLESELLER, them: ZZ:EXAMPLEBUYER, \
             erpPartner: SHOP, send: [order-response], directory: /in }}\n"
        ),
        1,
    );
    let estate = estate::read(EXAMPLE, &text).unwrap().estate;
    let tree = rendered(&estate, &host(&estate));
    let settings: types::settings::GatewaySettings =
        serde_json::from_str(tree.get("westeurope/gateway.json").unwrap()).unwrap();
    let shop = &settings.integrations[1];
    let fetched = shop.files.as_ref().unwrap();
    let types::settings::FilesFrom::Sftp(server) = &fetched.from else {
        panic!("{fetched:?}");
    };
    let outbound = shop.outbound.as_ref().unwrap();
    let types::settings::OutboundTarget::Sftp {
        server: sent_to,
        directory,
    } = &outbound.target
    else {
        panic!("{outbound:?}");
    };
    assert_eq!((sent_to, directory.as_str()), (server, "/in"));
    assert_eq!(fetched.directory, "/out");
    assert!(!shop.only_leaves() && outbound.events.is_empty());
}
