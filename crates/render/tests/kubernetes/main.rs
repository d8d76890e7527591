//! The folder `kubernetes/` of the example estates, and of one with ten thousand tenants.
//!
//! What a schema can say is checked by `script/check-rendered`; here is what only we know: whose facts are where, what
//! must not run where, and how little changes when little changes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden;
mod lanes;
mod scaling;
mod world;

use std::{collections::BTreeMap, time::Instant};

use world::{all, documents, kind, rendered};

/// Files of the second tree that the first has not, or has otherwise.
fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    after.keys().filter(differs).cloned().collect()
}

#[test]
fn rendering_again_gives_the_same_bytes() {
    for (name, blueprint) in all() {
        assert_eq!(rendered(&blueprint), rendered(&blueprint), "{name}");
    }
}

#[test]
fn a_tenants_facts_are_in_its_own_files_only() {
    for (name, blueprint) in all() {
        let before = rendered(&blueprint);
        for (at, environment) in blueprint.environments.iter().enumerate() {
            for (place, stamp) in environment
                .stamps
                .iter()
                .enumerate()
                .filter(|(_, one)| one.tenants.len() > 1)
            {
                let mut after = blueprint.clone();
                let tenant = &mut after.environments[at].stamps[place].tenants[1];
                tenant.host = "elsewhere.example.com".to_owned();
                tenant.database = "elsewhere".to_owned();
                tenant.role = "elsewhere_role".to_owned();
                let tenant = tenant.name.to_string();
                let changed = changed(&before, &rendered(&after));
                let own = |path: &String| {
                    let file = path.rsplit('/').next().unwrap();
                    let stem = file.split('.').next().unwrap();
                    stem == tenant || stem == format!("gateway-{tenant}")
                };
                assert!(
                    changed.len() >= 2 && changed.iter().all(own),
                    "{name}/{}: {changed:?}",
                    stamp.name
                );
            }
        }
    }
}

#[test]
fn a_new_tenant_adds_two_files_and_a_line_of_a_list_of_names() {
    let blueprint = world::shared(2, 5);
    let mut grown = blueprint.clone();
    let tenants = &mut grown.environments[0].stamps[1].tenants;
    let mut newcomer = tenants[0].clone();
    newcomer.name = types::TenantName::new("newcomer").unwrap();
    tenants.push(newcomer);
    let changed = changed(&rendered(&blueprint), &rendered(&grown));
    let files: Vec<&str> = changed
        .iter()
        .map(|path| path.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        files,
        ["kustomization.yaml", "newcomer.json", "newcomer.yaml"],
        "{changed:?}"
    );
}

#[test]
fn every_resource_of_a_kustomization_and_every_path_of_flux_is_there() {
    for (name, blueprint) in all() {
        let tree = rendered(&blueprint);
        let mut clusters = 0;
        for (path, document) in documents(&tree) {
            if let Some(directory) = path.strip_suffix("/kustomization.yaml") {
                for resource in document["resources"].as_array().unwrap() {
                    let target = world::joined(directory, resource.as_str().unwrap());
                    let found = tree.contains_key(&target)
                        || tree.contains_key(&format!("{target}/kustomization.yaml"));
                    assert!(found, "{name}: {path} names {target}");
                }
            }
            if document["kind"] == "Kustomization" && document["spec"]["sourceRef"]["name"] == "plimsoll" {
                let target = document["spec"]["path"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches("./");
                assert!(
                    tree.contains_key(&format!("{target}/kustomization.yaml")),
                    "{name}: {target}"
                );
                clusters += 1;
            }
        }
        assert!(clusters > 4, "{name}");
        // Terraform points Flux at these.
        for environment in &blueprint.environments {
            for cluster in environment.regions.iter().flat_map(|region| &region.clusters) {
                assert!(
                    tree.contains_key(&format!("{}/flux.yaml", cluster.gitops_path)),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn every_variable_is_a_fact_of_its_cluster() {
    for (name, blueprint) in all() {
        let tree = rendered(&blueprint);
        let facts: Vec<(String, serde_json::Value)> = documents(&tree)
            .into_iter()
            .filter(|(path, _)| path.ends_with("/facts.yaml"))
            .collect();
        let mut used = 0;
        for (path, content) in &tree {
            // The clusters whose Flux comes by here.
            let directory = path.rsplit_once('/').unwrap().0;
            let comes_by = |fact: &str| {
                let cluster = fact.trim_end_matches("/facts.yaml");
                path.starts_with(&format!("{cluster}/"))
                    || path.starts_with("kubernetes/base/")
                    || tree[&format!("{cluster}/flux.yaml")].contains(&format!("path: ./{directory}\n"))
            };
            let here: Vec<_> = facts.iter().filter(|(fact, _)| comes_by(fact)).collect();
            for rest in content.split("${").skip(1) {
                let variable = rest.split('}').next().unwrap();
                assert!(!here.is_empty(), "{name}: nobody comes by {path}");
                for (fact, document) in &here {
                    assert!(
                        !document["data"][variable].is_null(),
                        "{name}: {path}: {variable} is not in {fact}"
                    );
                }
                used += 1;
            }
        }
        assert!(used > 20, "{name}: {used}");
    }
}

#[test]
fn nothing_secret_is_in_the_tree() {
    for (_, blueprint) in all() {
        let tree = rendered(&blueprint);
        assert_eq!(kind(&documents(&tree), "Secret").len(), 0);
    }
}

#[test]
fn every_mounted_secret_and_config_map_is_made() {
    for (name, blueprint) in all() {
        let all = documents(&rendered(&blueprint));
        let mut looked_at = 0;
        for (path, document) in all.iter().filter(|(_, document)| {
            ["Deployment", "StatefulSet", "CronJob"]
                .iter()
                .any(|kind| document["kind"] == *kind)
        }) {
            let namespace = &document["metadata"]["namespace"];
            let made = |kinds: &[&str], wanted: &serde_json::Value| {
                all.iter().any(|(_, one)| {
                    kinds.iter().any(|kind| one["kind"] == *kind)
                        && one["metadata"]["namespace"] == *namespace
                        && (one["metadata"]["name"] == *wanted || one["spec"]["secretName"] == *wanted)
                })
            };
            let pod = document
                .pointer("/spec/template/spec")
                .or(document.pointer("/spec/jobTemplate/spec/template/spec"));
            for volume in pod.unwrap()["volumes"].as_array().unwrap() {
                if let Some(secret) = volume["secret"].get("secretName") {
                    assert!(
                        made(&["ExternalSecret", "Certificate"], secret),
                        "{name}: {path}: {secret}"
                    );
                    looked_at += 1;
                }
                if let Some(config) = volume["configMap"].get("name") {
                    assert!(made(&["ConfigMap"], config), "{name}: {path}: {config}");
                    looked_at += 1;
                }
            }
        }
        assert!(looked_at > 20, "{name}");
    }
}

#[test]
fn what_writes_by_itself_does_not_run_where_a_stamp_follows() {
    for (name, blueprint) in all() {
        let tree = rendered(&blueprint);
        let mut followers = 0;
        for environment in &blueprint.environments {
            for region in &environment.regions {
                for placement in region
                    .placements
                    .iter()
                    .filter(|one| !one.leads && !one.workloads.is_empty())
                {
                    let cluster = region
                        .clusters
                        .iter()
                        .find(|one| one.name == placement.cluster)
                        .unwrap();
                    for kind in ["scheduler", "worker"] {
                        let path = format!("{}/stamps/{}/{kind}.yaml", cluster.gitops_path, placement.stamp);
                        let text = &tree[&path];
                        assert!(text.contains("\n  replicas: 0\n"), "{name}: {path}");
                        assert!(!text.contains("kind: ScaledObject"), "{name}: {path}");
                        followers += 1;
                    }
                }
            }
        }
        assert!(followers > 0, "{name}");
    }
}

#[test]
fn a_pod_leaves_the_ingress_before_it_ends_and_can_write_nowhere() {
    for (name, blueprint) in all() {
        let all = documents(&rendered(&blueprint));
        let workloads = ["Deployment", "StatefulSet"]
            .iter()
            .flat_map(|one| kind(&all, one));
        for workload in workloads {
            let spec = &workload["spec"]["template"]["spec"];
            let who = &workload["metadata"]["name"];
            assert_eq!(spec["automountServiceAccountToken"], false, "{name}: {who}");
            assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{name}: {who}");
            for container in spec["containers"].as_array().unwrap() {
                assert_eq!(
                    container["securityContext"]["readOnlyRootFilesystem"], true,
                    "{name}: {who}"
                );
                if container["name"] == "odoo" {
                    let leave = container["lifecycle"]["preStop"]["sleep"]["seconds"]
                        .as_u64()
                        .unwrap();
                    let grace = spec["terminationGracePeriodSeconds"].as_u64().unwrap();
                    assert!(leave >= 10 && grace > leave + 30, "{name}: {who}");
                    assert!(!container["livenessProbe"].is_null(), "{name}: {who}");
                }
            }
        }
    }
}

#[test]
fn the_database_manager_is_denied_on_every_host_before_anything_else() {
    for (name, blueprint) in all() {
        let all = documents(&rendered(&blueprint));
        let (of_the_cluster, of_tenants): (Vec<_>, Vec<_>) = kind(&all, "HTTPRoute")
            .into_iter()
            .partition(|route| route["metadata"]["namespace"] == "ingress");
        assert!(!of_tenants.is_empty());
        // Front Door's probe reaches Traefik itself, and nothing behind it.
        for route in of_the_cluster {
            let rules = route["spec"]["rules"].as_array().unwrap();
            assert_eq!(rules.len(), 1, "{name}");
            assert_eq!(rules[0]["matches"][0]["path"]["type"], "Exact", "{name}");
            assert_eq!(rules[0]["backendRefs"][0]["name"], "ping@internal", "{name}");
        }
        for route in of_tenants {
            let rules = route["spec"]["rules"].as_array().unwrap();
            let paths: Vec<&str> = rules
                .iter()
                .map(|rule| rule["matches"][0]["path"]["value"].as_str().unwrap())
                .collect();
            assert_eq!(
                (paths[0], *paths.last().unwrap()),
                ("/web/database", "/"),
                "{name}"
            );
            assert_eq!(rules[0]["filters"][0]["extensionRef"]["name"], "nobody");
            assert!(paths.contains(&"/websocket"), "{name}: {paths:?}");
        }
    }
}

#[test]
fn a_cold_standby_has_no_runtime() {
    let mut blueprint = world::blueprint("third-party-logistics");
    let environment = blueprint
        .environments
        .iter_mut()
        .find(|one| one.regions.len() == 2 && one.mute)
        .unwrap();
    let region = &mut environment.regions[1];
    for placement in &mut region.placements {
        placement.workloads.clear();
        placement.gateway = None;
        placement.database.engine = plan::cloud::blueprint::DatabaseEngine::RestoredWhenNeeded;
    }
    let directories: Vec<String> = region
        .clusters
        .iter()
        .map(|one| one.gitops_path.clone())
        .collect();
    let tree = rendered(&blueprint);
    for directory in directories {
        assert!(
            !tree
                .keys()
                .any(|path| path.starts_with(&format!("{directory}/stamps/")))
        );
        assert!(!tree[&format!("{directory}/flux.yaml")].contains("runtime-"));
    }
}

#[test]
fn ten_thousand_tenants_have_two_files_each() {
    let blueprint = world::shared(200, 50);
    let begun = Instant::now();
    let tree = rendered(&blueprint);
    let took = begun.elapsed();
    let environments = blueprint.environments.len();
    let files = tree
        .keys()
        .filter(|path| path.contains("/tenants/tenant-"))
        .count();
    assert_eq!(files, environments * 20_000);
    // A bound that a noisy machine and a build without optimisation keep; the benchmark measures.
    assert!(took.as_secs() < 120, "{took:?}");
}
