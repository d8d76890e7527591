//! The architecture's invariants, held by a test: who may depend on whom, and who may do what.
//!
//! A new edge between crates needs a note in `docs/decisions/`, and then `BLESS=1 cargo test --test architecture`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Same input, same output: these know no runtime, file, environment, clock or chance.
const PURE: [&str; 7] = ["types", "estate", "plan", "render", "policy", "lease", "edi"];
/// Dependencies that would bring those in.
const IMPURE_DEPENDENCIES: [&str; 11] = [
    "tokio",
    "reqwest",
    "axum",
    "rusqlite",
    "tokio-postgres",
    "rand",
    "rustix",
    "tempfile",
    "hyper",
    "async-std",
    "mio",
];
/// Words that would, without any dependency.
const IMPURE_WORDS: [&str; 8] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "thread::spawn",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Our crates with all their normal dependencies, resolved.
struct Graph {
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--offline",
                "--filter-platform",
            ])
            // Dependencies of other platforms need not be there.
            .arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
            .current_dir(root())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
            .collect();
        let normal = |dependency: &Value| {
            dependency["dep_kinds"]
                .as_array()
                .unwrap()
                .iter()
                .any(|kind| kind["kind"].is_null())
        };
        let direct = metadata["resolve"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                let of = names[node["id"].as_str().unwrap()];
                let dependencies = node["deps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|dependency| normal(dependency));
                let dependencies =
                    dependencies.map(|dependency| names[dependency["pkg"].as_str().unwrap()].to_owned());
                // Features are united over the workspace here: the gateway's SSH client switches on that large numbers can
                // be drawn, and the policy engine, which counts with them, neither asks for that nor has it when built alone.
                let drawn = |name: &String| of == "num-bigint" && name == "rand";
                let dependencies = dependencies.filter(|name| !drawn(name));
                (of.to_owned(), dependencies.collect())
            })
            .collect();
        Self { direct }
    }

    fn ours(&self) -> impl Iterator<Item = &str> {
        self.direct
            .keys()
            .filter_map(|name| name.strip_prefix("plimsoll-"))
            .filter(|name| !matches!(*name, "tests" | "bench"))
    }

    fn reaches(&self, from: &str) -> BTreeSet<String> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![format!("plimsoll-{from}")]);
        while let Some(name) = open.pop() {
            for dependency in self.direct.get(&name).into_iter().flatten() {
                if seen.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        seen
    }
}

/// The sources of one of our crates, tests left out: path and text without comments.
fn sources(krate: &str) -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("crates").join(krate).join("src"), &mut found);
    let texts: Vec<_> = found
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let modules_of_tests: BTreeSet<_> = texts
        .iter()
        .flat_map(|text| text.split("#[cfg(test)]\nmod ").skip(1))
        .filter_map(|rest| rest.lines().next()?.strip_suffix(';'))
        .collect();
    found
        .into_iter()
        .filter(|path| !modules_of_tests.contains(path.file_stem().unwrap().to_str().unwrap()))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]\nmod ").next().unwrap();
            let code: Vec<_> = product
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path, code.join("\n"))
        })
        .collect()
}

fn offenders(crates: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in crates.iter().flat_map(|krate| sources(krate)) {
        for word in words.iter().filter(|word| text.contains(**word)) {
            found.push(format!(
                "{}: {word}",
                path.strip_prefix(root()).unwrap().display()
            ));
        }
    }
    found
}

#[test]
fn the_crate_graph_is_the_one_that_was_agreed() {
    let graph = Graph::read();
    let mut lines = Vec::new();
    for name in graph.ours() {
        let dependencies: Vec<_> = graph.direct[&format!("plimsoll-{name}")]
            .iter()
            .filter_map(|name| name.strip_prefix("plimsoll-"))
            .collect();
        lines.push(
            format!("{name}: {}", dependencies.join(" "))
                .trim_end()
                .to_owned(),
        );
    }
    let (drawn, golden) = (
        lines.join("\n") + "\n",
        root().join("tests/golden/crate-graph.txt"),
    );
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &drawn).unwrap();
    }
    let agreed = fs::read_to_string(&golden).unwrap();
    assert_eq!(
        drawn, agreed,
        "a new edge needs a note in docs/decisions/, then BLESS=1"
    );
}

#[test]
fn the_compiler_is_pure() {
    let graph = Graph::read();
    for krate in PURE {
        let reached = graph.reaches(krate);
        let bad: Vec<_> = IMPURE_DEPENDENCIES
            .iter()
            .filter(|name| reached.contains(**name))
            .collect();
        assert!(bad.is_empty(), "{krate} reaches {bad:?}");
    }
    // `types` may turn a clock reading that somebody else took into a timestamp, so it names SystemTime; never `now`.
    assert_eq!(offenders(&PURE, &IMPURE_WORDS), Vec::<String>::new());
}

#[test]
fn a_simulation_depends_on_its_seed_alone() {
    // It drives code that could be run by tokio, so it reaches that; it may not use it.
    let graph = Graph::read();
    let direct = &graph.direct["plimsoll-simulator"];
    let bad: Vec<_> = IMPURE_DEPENDENCIES
        .iter()
        .filter(|name| direct.contains(**name))
        .collect();
    assert!(bad.is_empty(), "simulator depends on {bad:?}");
    assert_eq!(offenders(&["simulator"], &IMPURE_WORDS), Vec::<String>::new());
    assert_eq!(
        offenders(&["simulator"], &["HashMap", "HashSet"]),
        Vec::<String>::new()
    );
}

#[test]
fn lanes_decide_without_runtime_or_clock_and_by_the_chance_of_a_seed() {
    // Settings and words for people are the gateway's own, from crates that reach further.
    let graph = Graph::read();
    let direct = &graph.direct["plimsoll-lanes"];
    let bad: Vec<_> = IMPURE_DEPENDENCIES
        .iter()
        .filter(|name| **name != "rand" && direct.contains(**name))
        .collect();
    assert!(bad.is_empty(), "lanes depends on {bad:?}");
    let chance = ["rand::rng()", "thread_rng", "from_os_rng", "OsRng"];
    let words: Vec<&str> = IMPURE_WORDS.into_iter().chain(chance).collect();
    assert_eq!(offenders(&["lanes"], &words), Vec::<String>::new());
}

#[test]
fn mistakes_planted_for_the_simulator_are_not_in_the_product() {
    let graph = Graph::read();
    for name in graph.ours().filter(|name| *name != "simulator") {
        let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("planted-bugs"), "{name} would plant mistakes");
    }
}

#[test]
fn the_data_plane_runs_without_the_control_plane() {
    let graph = Graph::read();
    let reached = graph.reaches("gateway");
    for forbidden in [
        "estate",
        "plan",
        "render",
        "recovery",
        "controller",
        "saga",
        "local",
    ] {
        assert!(
            !reached.contains(&format!("plimsoll-{forbidden}")),
            "gateway reaches {forbidden}"
        );
    }
}

#[test]
fn the_local_runtime_renders_nothing_and_the_renderer_runs_nothing() {
    let graph = Graph::read();
    assert!(!graph.reaches("local").contains("plimsoll-render"));
    assert!(!graph.reaches("render").contains("plimsoll-local"));
    assert!(
        !graph.reaches("recovery").contains("plimsoll-local"),
        "recovery acts through driver traits"
    );
}

#[test]
fn only_the_controllers_store_speaks_sql_to_our_own_state() {
    let graph = Graph::read();
    for name in graph.ours().filter(|name| *name != "controller") {
        assert!(
            !graph.direct[&format!("plimsoll-{name}")].contains("rusqlite"),
            "{name} opens SQLite"
        );
    }
    let outside: Vec<_> = sources("controller")
        .into_iter()
        .filter(|(path, text)| {
            text.contains("rusqlite") && !path.components().any(|part| part.as_os_str() == "store")
        })
        .map(|(path, _)| path)
        .collect();
    assert_eq!(outside, Vec::<PathBuf>::new());
}

#[test]
fn only_the_command_line_prints() {
    let graph = Graph::read();
    let others: Vec<&str> = graph.ours().filter(|name| *name != "cli").collect();
    assert_eq!(
        offenders(
            &others,
            &["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!("]
        ),
        Vec::<String>::new()
    );
}

#[test]
fn unsafe_code_stays_where_processes_and_disks_are_handled() {
    let graph = Graph::read();
    let others: Vec<&str> = graph
        .ours()
        .filter(|name| !["local", "journal"].contains(name))
        .collect();
    assert_eq!(
        offenders(&others, &["unsafe {", "unsafe fn", "unsafe impl"]),
        Vec::<String>::new()
    );
}

#[test]
fn only_recovery_and_its_executors_ask_a_region_to_lead_or_to_fence() {
    let graph = Graph::read();
    // `api` defines the calls, `driver` names them, `controller` carries them out for the sagas of `recovery`, and
    // `local` and `gateway` are the ones that obey.
    // `simulator` stands in for these, with the same decisions and the same saga.
    let allowed = [
        "api",
        "driver",
        "controller",
        "recovery",
        "local",
        "gateway",
        "simulator",
    ];
    let others: Vec<&str> = graph.ours().filter(|name| !allowed.contains(name)).collect();
    assert_eq!(
        offenders(&others, &["LeadRequest", "FenceRequest", "RouteRequest"]),
        Vec::<String>::new()
    );
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let graph = Graph::read();
    let long: Vec<_> = graph
        .ours()
        .flat_map(sources)
        .filter_map(|(path, text)| (text.lines().count() > 800).then_some(path))
        .collect();
    assert_eq!(long, Vec::<PathBuf>::new());
}
