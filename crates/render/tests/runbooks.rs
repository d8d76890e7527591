//! Runbooks and monitoring of the example estates: reviewed as prose for one, followed by their links for all.
//!
//! After a change that is meant: `BLESS=1 cargo test -p plimsoll-render --test runbooks`, then read the difference.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use plan::cloud::Blueprint;
use plimsoll_render as render;
use types::FileTree;

/// Reviewed as prose: the one with the most kinds of things in it.
const REVIEWED: &str = "third-party-logistics";
const EXAMPLES: [&str; 3] = [
    "third-party-logistics",
    "multinational",
    "two-warehouse-distributor",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blueprint(example: &str) -> Blueprint {
    let text = fs::read_to_string(repository().join(format!("examples/estates/{example}.yaml"))).unwrap();
    let estate = estate::read(example, &text).unwrap().estate;
    plan::cloud::plan(&estate).unwrap().0
}

/// What is rendered below a folder.
fn below(blueprint: &Blueprint, folder: &str) -> BTreeMap<String, String> {
    let tree: FileTree = render::cloud(blueprint).unwrap();
    tree.iter()
        .filter(|(path, _)| path.as_str().starts_with(folder))
        .map(|(path, text)| (path.as_str().to_owned(), text.to_owned()))
        .collect()
}

fn read_all(root: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_all(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn as_reviewed(name: &str, rendered: &BTreeMap<String, String>) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(&golden);
        for (path, content) in rendered {
            let file = golden.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    let mut expected = BTreeMap::new();
    read_all(&golden, &golden, &mut expected);
    let names: Vec<&String> = rendered.keys().collect();
    assert_eq!(
        names,
        expected.keys().collect::<Vec<_>>(),
        "other files than reviewed; BLESS=1 takes them over"
    );
    for (path, content) in rendered {
        assert_eq!(content, &expected[path], "{path} differs; BLESS=1 takes it over");
    }
}

#[test]
fn the_runbooks_read_as_reviewed() {
    as_reviewed("cloud-runbooks", &below(&blueprint(REVIEWED), "runbooks/"));
}

#[test]
fn the_monitoring_of_production_is_as_reviewed() {
    let production = below(&blueprint(REVIEWED), "monitoring/environments/production/");
    // The custom resource and the dashboards say the same again; their shape is tested elsewhere.
    let reviewed = production
        .into_iter()
        .filter(|(path, _)| {
            path.contains("/rules/")
                || path.ends_with("alertmanager.yaml")
                || path.ends_with("synthetic.json")
        })
        .collect();
    as_reviewed("cloud-monitoring", &reviewed);
}

#[test]
fn every_environment_is_watched() {
    for example in EXAMPLES {
        let blueprint = blueprint(example);
        let files = below(&blueprint, "monitoring/");
        for environment in &blueprint.environments {
            let folder = format!("monitoring/environments/{}", environment.name);
            for file in [
                "rules/plan.yaml",
                "prometheus-rules.yaml",
                "alertmanager.yaml",
                "synthetic.json",
                "dashboards/executives.json",
            ] {
                assert!(
                    files.contains_key(&format!("{folder}/{file}")),
                    "{example}: {folder}/{file}"
                );
            }
        }
    }
}

/// Headings as a forge makes anchors of them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    headings
        .map(|heading| {
            let kept: String = heading
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .collect();
            kept.replace(' ', "-")
        })
        .collect()
}

/// Targets of links, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        !fenced
    });
    prose
        .flat_map(|line| {
            line.split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_leads_to_a_heading_and_every_page_can_be_reached() {
    for example in EXAMPLES {
        let pages = below(&blueprint(example), "runbooks/");
        let mut reached = BTreeSet::from(["runbooks/README.md".to_owned()]);
        let mut waiting = vec!["runbooks/README.md".to_owned()];
        while let Some(page) = waiting.pop() {
            for link in links(&pages[&page]) {
                let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
                let target = if target.is_empty() {
                    page.clone()
                } else {
                    resolve(&page, target)
                };
                let text = pages
                    .get(&target)
                    .unwrap_or_else(|| panic!("{example}: {page} links to {target}"));
                assert!(
                    anchor.is_empty() || anchors(text).contains(anchor),
                    "{example}: {page} links to {target}#{anchor}"
                );
                if reached.insert(target.clone()) {
                    waiting.push(target);
                }
            }
        }
        assert_eq!(
            reached,
            pages.keys().cloned().collect(),
            "{example}: pages that nobody reaches"
        );
    }
}

#[test]
fn every_alarm_leads_to_a_page_that_exists() {
    for example in EXAMPLES {
        let blueprint = blueprint(example);
        let pages = below(&blueprint, "runbooks/");
        let rules = below(&blueprint, "monitoring/environments/production/rules/");
        let urls: BTreeSet<&str> = rules
            .values()
            .flat_map(|text| text.lines())
            .filter_map(|line| line.trim().strip_prefix("runbook_url: "))
            .map(|url| url.trim_matches(['"', '\'']))
            .collect();
        assert!(urls.len() > 15, "{example}: {urls:?}");
        for url in urls {
            // What the label will be: any capability, any lane of a stamp.
            let capability = blueprint.capabilities.first().map_or("", |one| one.name.as_str());
            let production = blueprint
                .environments
                .iter()
                .find(|one| one.name.as_str() == "production")
                .unwrap();
            let (stamp, lane) = production
                .stamps
                .iter()
                .find_map(|stamp| Some((stamp.name.as_str(), stamp.lanes.first()?.name.as_str())))
                .unwrap();
            let url = url
                .replace("{{ $labels.capability }}", capability)
                .replace("{{ $labels.stamp }}", stamp)
                .replace("{{ $labels.lane }}", lane);
            let (page, anchor) = url.split_once('#').unwrap_or((&url, ""));
            let text = pages
                .get(page)
                .unwrap_or_else(|| panic!("{example}: no page {page}"));
            assert!(
                anchor.is_empty() || anchors(text).contains(anchor),
                "{example}: {page} has no heading #{anchor}"
            );
        }
    }
}

#[test]
fn names_that_look_like_markdown_or_commands_stay_names() {
    const HOSTILE: &str = "# Fine](http://evil.example) | <b> `rm -rf /` $(id)\n# Step";
    let mut blueprint = blueprint(REVIEWED);
    blueprint.organisation = HOSTILE.to_owned();
    blueprint.contact = Some(HOSTILE.to_owned());
    for capability in &mut blueprint.capabilities {
        capability.display_name = HOSTILE.to_owned();
        capability.owner = Some(HOSTILE.to_owned());
        capability.authorised_by = vec![HOSTILE.to_owned()];
    }
    for environment in &mut blueprint.environments {
        for stamp in &mut environment.stamps {
            for lane in &mut stamp.lanes {
                lane.partner_name = Some(HOSTILE.to_owned());
                lane.partner_contact = Some(HOSTILE.to_owned());
                lane.kind = HOSTILE.to_owned();
            }
            for site in &mut stamp.sites {
                site.display_name = HOSTILE.to_owned();
                site.devices
                    .iter_mut()
                    .for_each(|device| device.label = HOSTILE.to_owned());
            }
        }
    }
    for (path, text) in below(&blueprint, "runbooks/") {
        // Inside of code nothing means anything.
        for line in text
            .lines()
            .map(|line| line.split('`').step_by(2).collect::<String>())
        {
            assert!(
                !line.starts_with("# Step") && !line.contains("<b>"),
                "{path}: {line}"
            );
            assert!(!line.contains("](http://evil"), "{path}: {line}");
        }
        assert_eq!(text.matches("```").count() % 2, 0, "{path}");
    }
}

#[test]
fn prose_has_one_sentence_a_line() {
    for (path, text) in below(&blueprint(REVIEWED), "runbooks/") {
        for line in text.lines().filter(|line| line.len() > 400) {
            // Commands are as long as they are.
            let command = [
                "az ",
                "kubectl ",
                "curl ",
                "psql ",
                "PGPASSWORD",
                "pg_",
                "printf ",
            ];
            assert!(
                command.iter().any(|one| line.trim_start().starts_with(one)),
                "{path}: {line}"
            );
        }
        assert!(
            !text.contains("\n\n\n") && text.ends_with('\n') && !text.contains(" \n"),
            "{path}: blank lines or ends of lines"
        );
    }
}
