//! What people see, command by command, as reviewed transcripts in `transcripts/`.
//!
//! Nothing of an estate is started here; that is what the end-to-end tests are for.
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-cli`, then read the difference as prose.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

mod world;

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
};

use types::{EstateName, RegionName};
use world::{World, repository};

const GOOD: &str = "examples/estates/two-warehouse-distributor.yaml";

#[test]
fn help_tells_what_every_command_does() {
    let mut world = World::new();
    world.run("plimsoll --help");
    for command in [
        "check",
        "init",
        "explain",
        "plan",
        "diff",
        "render",
        "policy check",
        "policy test",
        "policy list",
        "schema",
        "up",
        "down",
        "destroy",
        "status",
        "logs",
        "gateway",
        "gateway lanes",
        "gateway show",
        "gateway sites",
        "gateway pause",
        "gateway resume",
        "gateway dead-letters",
        "gateway replay",
        "gateway trace",
        "gateway map test",
        "gateway map show",
        "drill",
        "drill region-loss",
        "evidence",
        "evidence verify",
        "evidence trend",
        "recover",
    ] {
        world.run(&format!("plimsoll {command} --help"));
    }
    world.assert_transcript("help.txt");
}

#[test]
fn the_version_is_told() {
    let mut world = World::new();
    world.run("plimsoll --version");
    *world.said_mut() = world.said_mut().replace(env!("CARGO_PKG_VERSION"), "VERSION");
    world.assert_transcript("version.txt");
}

#[test]
fn bad_usage_says_what_is_right_and_exits_with_64() {
    let mut world = World::new();
    for line in [
        "plimsoll",
        "plimsoll chek estate.yaml",
        "plimsoll check",
        "plimsoll check estate.yaml --outptu json",
        "plimsoll status --output yaml",
        "plimsoll status --estate Acme_Ltd",
        "plimsoll up estate.yaml --timeout soon",
        "plimsoll drill",
        "plimsoll drill region-loss --runs 0",
        "plimsoll drill region-loss --rate 1000",
        "plimsoll drill region-loss --kill-after-max 2s",
        "plimsoll drill switchover --on copy",
    ] {
        world.run(line);
    }
    world.assert_transcript("bad-usage.txt");
    world.assert_home_is_empty();
}

#[test]
fn a_good_estate_is_fine_and_its_warnings_are_shown() {
    let mut world = World::new();
    world.run(&format!("plimsoll check {GOOD}"));
    world.run(&format!("plimsoll check --quiet {GOOD}"));
    world.run(&format!("plimsoll check --output json {GOOD}"));
    world.assert_transcript("check-good.txt");
    world.assert_home_is_empty();
}

#[test]
fn going_back_to_a_backup_is_worked_out_and_never_carried_out() {
    let mut world = World::new();
    world.file("facts.json", include_str!("recover-facts.json"));
    let facts = "facts.json";
    let back = format!("{GOOD} --by alice --first-sign 2026-03-01T09:30:00Z");
    for line in [
        format!("plimsoll recover corruption {back} --given {facts} --dry-run"),
        format!("plimsoll recover corruption {back} --given {facts} --dry-run --output json"),
        format!("plimsoll recover corruption {back} --given {facts}"),
        format!("plimsoll recover corruption {back} --dry-run"),
        format!("plimsoll recover ransomware {back} --given {facts} --dry-run"),
        format!("plimsoll recover mass {back} --given {facts} --dry-run"),
        format!("plimsoll recover bad-release {back} --given {facts} --former-image sha256:0a --dry-run"),
        format!(
            "plimsoll recover bad-release {back} --former-image sha256:0a --migration expanded --dry-run"
        ),
        format!("plimsoll recover tenant {back} --tenant nobody --dry-run"),
        format!("plimsoll recover tenant {back} --given {GOOD} --dry-run"),
    ] {
        world.run(&line);
    }
    world.run("plimsoll runbook corruption");
    world.assert_transcript("recover.txt");
    world.assert_home_is_empty();
}

#[test]
fn every_mistake_of_a_bad_estate_is_shown_with_its_place() {
    for name in ["impossible-promises", "many-mistakes", "not-yaml", "one-region"] {
        let mut world = World::new();
        world.run(&format!("plimsoll check examples/estates/invalid/{name}.yaml"));
        world.run(&format!(
            "plimsoll check --output json examples/estates/invalid/{name}.yaml"
        ));
        world.assert_transcript(&format!("check-{name}.txt"));
    }
    let examples = fs::read_dir(repository().join("examples/estates/invalid")).unwrap();
    assert_eq!(examples.count(), 4, "a new bad example needs a transcript");
}

#[test]
fn what_is_no_estate_file_is_refused_before_it_fills_the_memory() {
    let mut world = World::new();
    fs::create_dir(world.path("a-directory")).unwrap();
    world.file("binary.yaml", [0, 159, 146, 150, 255]);
    world.file("empty.yaml", "");
    world.file("large.yaml", vec![b'#'; (16 << 20) + 1]);
    for name in [
        "missing.yaml",
        "a-directory",
        "binary.yaml",
        "empty.yaml",
        "large.yaml",
        "/dev/zero",
    ] {
        world.run(&format!("plimsoll check {name}"));
    }
    world.run("plimsoll check --output json missing.yaml");
    world.assert_transcript("check-no-estate-file.txt");
}

#[test]
fn the_printed_schema_is_the_one_in_the_repository() {
    let mut world = World::new();
    world.run("plimsoll schema");
    let expected = fs::read_to_string(repository().join("schema/estate.json")).unwrap();
    assert_eq!(
        *world.said_mut(),
        format!(
            "$ plimsoll schema\n--- stdout\n{}\n--- exit 0\n\n",
            expected.trim_end()
        )
    );
}

#[test]
fn a_bad_estate_is_not_started() {
    let mut world = World::new();
    world.run("plimsoll up examples/estates/invalid/one-region.yaml");
    world.run("plimsoll up missing.yaml");
    world.assert_transcript("up-bad-estate.txt");
    world.assert_home_is_empty();
}

#[test]
fn up_says_which_program_is_missing_and_makes_nothing() {
    let mut world = World::new();
    world.run(&format!("plimsoll up {GOOD}"));
    world.assert_home_is_empty();
    install_programs(&world);
    world.run(&format!("plimsoll up --odoo elsewhere {GOOD}"));
    world.assert_transcript("up-without-programs.txt");
    assert!(!world.path("home/estates").exists());
}

#[test]
fn up_says_which_of_plimsolls_own_programs_is_missing() {
    let mut world = World::with_program_of_its_own();
    install_programs(&world);
    world.run(&format!("plimsoll up {GOOD}"));
    world.assert_transcript("up-without-own-programs.txt");
}

#[test]
fn up_says_whose_port_is_taken() {
    let mut world = World::with_program_of_its_own();
    install_programs(&world);
    for sibling in ["plimsoll-agent", "plimsoll-gateway", "plimsolld"] {
        world.file(&format!("bin/{sibling}"), "");
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = listener.local_addr().unwrap().port();
    world.file(
        "home/estates/two-warehouse-distributor/ports.json",
        format!(r#"{{"westeurope/postgres": {taken}}}"#),
    );
    world.run(&format!("plimsoll up {GOOD}"));
    let said = world.said_mut();
    *said = said.replace(&format!(" {taken} "), " PORT ");
    world.assert_transcript("up-port-taken.txt");
    let layout = world.layout(&EstateName::new("two-warehouse-distributor").unwrap());
    assert!(
        !layout.controller().exists() && !layout.rendered().exists(),
        "nothing was started"
    );
}

#[test]
fn without_an_estate_every_command_says_how_to_get_one() {
    let mut world = World::new();
    for command in ["status", "down", "destroy --yes", "logs", "drill region-loss"] {
        world.run(&format!("plimsoll {command}"));
    }
    world.run("plimsoll status --estate acme");
    world.run("plimsoll status --home elsewhere");
    world.assert_transcript("no-estate.txt");
    world.assert_home_is_empty();
}

#[test]
fn with_several_estates_one_must_be_chosen() {
    let mut world = World::new();
    for estate in ["acme", "globex"] {
        fs::create_dir_all(world.path("home/estates").join(estate)).unwrap();
    }
    world.run("plimsoll status");
    world.run("plimsoll destroy --yes");
    world.run("plimsoll status --estate initech");
    world.assert_transcript("several-estates.txt");
    assert!(world.path("home/estates/acme").exists() && world.path("home/estates/globex").exists());
}

#[test]
fn a_half_made_estate_says_so_and_can_be_destroyed() {
    let mut world = World::new();
    world.file("home/estates/acme/ports.json", "{}");
    world.run("plimsoll status");
    world.run("plimsoll down");
    world.run("plimsoll destroy");
    assert!(world.path("home/estates/acme/ports.json").exists());
    world.run("plimsoll destroy --yes --quiet");
    world.assert_transcript("half-made-estate.txt");
    assert!(!world.path("home/estates/acme").exists());
}

#[test]
fn an_estate_that_is_down_says_so() {
    let mut world = World::new();
    world.estate_that_is_down();
    // An `up` that was refused leaves no estate to choose from.
    world.file("home/estates/refused/lock", "");
    world.run("plimsoll status");
    world.run("plimsoll status --output json");
    world.run("plimsoll logs");
    world.run("plimsoll logs odoo-web");
    world.assert_transcript("down-estate.txt");
}

#[test]
fn what_is_down_can_be_stopped_again() {
    let mut world = World::new();
    world.estate_that_is_down();
    world.run("plimsoll down");
    // Regions are stopped at the same time, so that their order is chance.
    let said = world.said_mut();
    for name in ["controller", "front-door", "westeurope", "northeurope"] {
        assert!(said.contains(&format!("· {name} was not running\n")), "{said}");
    }
    assert!(said.ends_with("--- exit 0\n\n"), "{said}");
}

#[test]
fn destroy_asks_says_what_it_removes_and_removes_nothing_else() {
    let mut world = World::new();
    let layout = world.estate_that_is_down();
    let region = layout.region(&RegionName::new("westeurope").unwrap());
    fs::create_dir_all(region.join("logs")).unwrap();
    fs::write(region.join("logs/odoo-web.log"), vec![b'x'; 4096]).unwrap();
    fs::create_dir_all(layout.evidence()).unwrap();
    fs::write(layout.evidence().join("evidence.json"), "{}").unwrap();
    world.file("home/estates/other/ports.json", "{}");
    world.run("plimsoll destroy --estate two-warehouse-distributor");
    assert!(layout.rendered().exists());
    world.run("plimsoll destroy --estate two-warehouse-distributor --yes --quiet");
    world.assert_transcript("destroy.txt");
    assert!(!layout.root().exists());
    assert!(world.path("home/estates/other/ports.json").exists());
}

#[test]
fn logs_are_chosen_by_component_by_region_or_by_both() {
    let mut world = World::new();
    let layout = world.estate_that_is_down();
    for (directory, log, lines) in [
        (layout.controller(), "program", "decided nothing\n"),
        (
            layout.region(&RegionName::new("westeurope").unwrap()),
            "odoo-web",
            "one\ntwo\nthree\nhalf a line",
        ),
        (
            layout.region(&RegionName::new("northeurope").unwrap()),
            "odoo-web",
            "eins\n",
        ),
        (
            layout.region(&RegionName::new("northeurope").unwrap()),
            "program",
            "agent\n",
        ),
    ] {
        fs::create_dir_all(directory.join("logs")).unwrap();
        fs::write(directory.join("logs").join(format!("{log}.log")), lines).unwrap();
    }
    for chosen in [
        "",
        " odoo-web",
        " northeurope",
        " westeurope/odoo-web -n 1",
        " plimsolld",
        " odoo-wbe",
    ] {
        world.run(&format!("plimsoll logs{chosen}"));
    }
    world.assert_transcript("logs.txt");
}

/// What `up` looks for in its home, without any use; PostgreSQL and Redis are the machine's.
fn install_programs(world: &World) {
    for name in [
        "tools/bin/traefik",
        "odoo/venv/bin/python",
        "odoo/dist/odoo/release.py",
    ] {
        world.file(&format!("home/runtime/{name}"), "");
    }
    world.file("home/runtime/odoo/VERSION", "19.0\n");
}

#[test]
fn the_example_of_a_policy_pack_works_as_it_is_printed() {
    let mut world = World::new();
    let page = fs::read_to_string(repository().join("docs/errors/PL0022.md")).unwrap();
    let (_, example) = page.split_once("```rego\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    fs::create_dir_all(world.path("packs/house")).unwrap();
    fs::write(world.path("packs/house/naming.rego"), example).unwrap();
    let test = "package plimsoll.policies.house_test\n\nimport data.plimsoll.policies.house\n\n\
                test_divisions_pass if {\n\tcount(house.deny_blueprint) == 0 with input as {\"blueprint\": \
                {\"estate\": \"div-north\"}}\n}\n";
    fs::write(world.path("packs/house/naming_test.rego"), test).unwrap();
    world.run("plimsoll policy list --packs packs");
    assert!(world.said_mut().contains("HOUSE0001"), "{}", world.said_mut());
    world.run(&format!(
        "plimsoll policy check {GOOD} --packs packs --today 2026-11-21"
    ));
    assert!(
        world.said_mut().contains("does not begin with `div-`"),
        "{}",
        world.said_mut()
    );
}

#[test]
fn rendering_writes_only_what_changed_and_asks_before_it_overwrites() {
    let mut world = World::new();
    let render = format!("plimsoll render {GOOD} --out rendered --no-policy --quiet");
    world.run(&render);
    world.run(&format!("{render} --check"));
    let manifest = fs::read_to_string(world.path("rendered/.plimsoll-rendered.json")).unwrap();
    let files: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let first = files["files"].as_object().unwrap().keys().next().unwrap().clone();
    fs::write(world.path("rendered").join(&first), "by hand").unwrap();
    world.run(&format!("{render} --check"));
    world.run(&render);
    world.run(&format!("{render} --overwrite"));
    world.run(&format!("{render} --check"));
    world.run("plimsoll render examples/estates/multinational.yaml --out rendered --no-policy --quiet");
    fs::create_dir(world.path("occupied")).unwrap();
    fs::write(world.path("occupied/thesis.tex"), "").unwrap();
    world.run(&format!(
        "plimsoll render {GOOD} --out occupied --no-policy --quiet"
    ));
    let said = world.said_mut().replace(&first, "FIRST");
    *world.said_mut() = said;
    world.assert_transcript("render.txt");
}

#[test]
fn codes_and_keys_are_explained() {
    let mut world = World::new();
    for what in [
        "PL0022",
        "pl0101",
        "spec.tiers",
        "tiers.rto",
        "spec.tires",
        "PL9999",
    ] {
        world.run(&format!("plimsoll explain {what}"));
    }
    world.assert_transcript("explain.txt");
}

#[test]
fn an_estate_is_written_from_answers_and_can_be_rendered_at_once() {
    let mut world = World::new();
    world.run("plimsoll init mine.yaml --defaults");
    world.run("plimsoll init mine.yaml --defaults");
    world.run("plimsoll init other.yaml --defaults --answer warehouses=many --answer wharehouses=3");
    world.run("plimsoll init other.yaml --answer nonsense");
    world.run("plimsoll init other.yaml");
    world.run("plimsoll check mine.yaml");
    world.run("plimsoll render mine.yaml --out rendered --no-policy --quiet");
    assert!(world.path("rendered/terraform").is_dir());
    assert!(!world.path("other.yaml").exists());
    world.assert_transcript("init.txt");
}

#[test]
fn a_change_is_told_in_business_words_and_then_file_by_file() {
    let mut world = World::new();
    let estate = fs::read_to_string(world.path(GOOD)).unwrap();
    fs::write(world.path("changed.yaml"), estate.replace("rto: 30s", "rto: 20s")).unwrap();
    world.run(&format!("plimsoll diff {GOOD} changed.yaml --quiet"));
    world.run(&format!("plimsoll diff {GOOD} {GOOD} --quiet"));
    world.assert_transcript("diff.txt");
}
