//! What scales, on what, and never twice.

use plan::cloud::blueprint::WorkloadKind;

use super::world::{all, documents, kind, rendered};

#[test]
fn every_query_is_promql_and_every_signal_of_a_plan_has_one() {
    let mut checked = 0;
    for (name, blueprint) in all() {
        let documents = documents(&rendered(&blueprint));
        for object in kind(&documents, "ScaledObject") {
            for trigger in object["spec"]["triggers"].as_array().unwrap() {
                if trigger["type"] == "prometheus" {
                    let query = trigger["metadata"]["query"].as_str().unwrap();
                    promql_parser::parser::parse(query)
                        .unwrap_or_else(|error| panic!("{name}: {error}: {query}"));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn no_deployment_has_two_masters_of_its_replicas() {
    for (name, blueprint) in all() {
        let all = documents(&rendered(&blueprint));
        assert_eq!(kind(&all, "HorizontalPodAutoscaler").len(), 0);
        let scaled: Vec<_> = all
            .iter()
            .filter(|(_, document)| document["kind"] == "ScaledObject")
            .map(|(path, document)| (path, document["spec"]["scaleTargetRef"]["name"].clone()))
            .collect();
        assert!(!scaled.is_empty());
        for (path, document) in all
            .iter()
            .filter(|(_, document)| document["kind"] == "Deployment")
        {
            let is_scaled = scaled.contains(&(path, document["metadata"]["name"].clone()));
            assert_eq!(
                document["spec"]["replicas"].is_null(),
                is_scaled,
                "{name}: {path}"
            );
        }
    }
}

#[test]
fn an_environment_with_hours_sleeps_outside_of_them() {
    let mut sleeping = 0;
    for (name, blueprint) in all() {
        let tree = rendered(&blueprint);
        for environment in blueprint.environments.iter().filter(|one| one.runs.is_some()) {
            let prefix = format!("kubernetes/environments/{}/regions/", environment.name);
            let mine = tree
                .iter()
                .filter(|(path, _)| path.starts_with(&prefix))
                .map(|(path, text)| (path.clone(), text.clone()));
            let all = documents(&mine.collect());
            for object in kind(&all, "ScaledObject") {
                assert_eq!(object["spec"]["minReplicaCount"], 0, "{name}");
                let triggers = object["spec"]["triggers"].as_array().unwrap();
                assert!(triggers.iter().any(|one| one["type"] == "cron"), "{name}");
                sleeping += 1;
            }
        }
    }
    assert!(sleeping > 5, "{sleeping}");
}

#[test]
fn a_full_database_brakes_scaling_out() {
    let blueprint = super::world::blueprint("multinational");
    let tree = rendered(&blueprint);
    let placed = blueprint
        .environments
        .iter()
        .filter(|one| !one.mute)
        .flat_map(|one| &one.regions)
        .find_map(|region| {
            let placement = region
                .placements
                .iter()
                .find(|one| one.leads && one.stamp.as_str() == "hub")?;
            let cluster = region.clusters.iter().find(|one| one.name == placement.cluster)?;
            Some(cluster.gitops_path.clone())
        })
        .unwrap();
    let text = &tree[&format!("{placed}/stamps/hub/{}.yaml", WorkloadKind::Integration.as_str())];
    assert!(
        text.contains("clamp_max(max(plimsoll_gateway_oldest_pending_age_seconds{namespace=\\\"erp-hub\\\"}), 10 * (1 + 100 * scalar((max(plimsoll_database_connections_used_ratio{namespace=\\\"erp-hub\\\"}) or vector(0)) < bool 0.8)))"),
        "{text}"
    );
}
