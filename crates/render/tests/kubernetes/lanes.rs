//! What gateways are told of lanes that leave and of files, and what they are given for it.

use estate::{Authentication, Protocol};
use plan::cloud::blueprint::Blueprint;
use serde_json::Value;

use super::world::{blueprint, documents, example, kind, rendered};

/// Settings of the production gateway that has a lane, with all documents around it.
fn gateway(blueprint: &Blueprint, lane: &str) -> (Value, Vec<(String, Value)>) {
    let documents: Vec<(String, Value)> = documents(&rendered(blueprint))
        .into_iter()
        .filter(|(path, _)| path.contains("/environments/production/"))
        .collect();
    let settings = kind(&documents, "ConfigMap")
        .into_iter()
        .filter_map(|map| serde_json::from_str::<Value>(map["data"]["gateway.json"].as_str()?).ok())
        .find(|settings| integration(settings, lane).is_some());
    (settings.unwrap(), documents)
}

fn integration<'s>(settings: &'s Value, lane: &str) -> Option<&'s Value> {
    let integrations = settings["integrations"].as_array()?;
    integrations.iter().find(|one| one["name"] == lane)
}

/// The pod of the gateway that mounts something of that name.
fn pod<'d>(documents: &'d [(String, Value)], volume: &str) -> &'d Value {
    let sets = kind(documents, "StatefulSet").into_iter();
    let mut pods = sets.map(|set| &set["spec"]["template"]["spec"]);
    pods.find(|pod| pod["volumes"].to_string().contains(volume))
        .unwrap()
}

#[test]
fn what_leaves_over_sftp_has_its_key_and_its_pin_and_nothing_of_it_is_fetched() {
    let (settings, documents) = gateway(&blueprint("multinational"), "customs-declarations");
    let lane = integration(&settings, "customs-declarations").unwrap();
    assert_eq!(lane["files"], Value::Null);
    let server = &lane["outbound"]["target"]["sftp"]["server"];
    let file = server["secret_file"].as_str().unwrap();
    assert!(file.ends_with("/customs-declarations/customs-key"), "{file}");
    assert_eq!(server["host_keys"].as_array().unwrap().len(), 1);
    let pod = pod(&documents, "customs-key");
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let mounted = |mount: &Value| file.starts_with(mount["mountPath"].as_str().unwrap());
    assert!(mounts.iter().any(mounted), "{mounts:?}");
}

#[test]
fn nothing_leaves_an_environment_that_is_mute() {
    let blueprint = blueprint("multinational");
    let muted = blueprint.environments.iter().filter(|one| one.mute);
    assert!(muted.count() > 0);
    let documents = documents(&rendered(&blueprint));
    for (path, map) in documents.iter().filter(|(_, one)| one["kind"] == "ConfigMap") {
        let told = map["data"]["gateway.json"].as_str().unwrap_or_default();
        let leaves = told.contains("\"outbound\"");
        assert!(!leaves || path.contains("/environments/production/"), "{path}");
    }
}

#[test]
fn files_that_are_left_with_us_have_a_disk_that_only_the_gateway_can_mount() {
    let mut estate = example("third-party-logistics");
    let lane = estate
        .integrations
        .iter_mut()
        .find(|one| one.name.as_str() == "spares-orders");
    let lane = lane.unwrap();
    lane.protocol = Protocol::FileDrop;
    lane.authentication = Authentication::None;
    lane.address = None;
    let files = lane.files.as_mut().unwrap();
    files.directory = "/srv/exchange/spares".to_owned();
    files.host_keys.clear();
    let (blueprint, _) = plan::cloud::plan(&estate).unwrap();
    let (settings, documents) = gateway(&blueprint, "spares-orders");
    let told = &integration(&settings, "spares-orders").unwrap()["files"];
    assert_eq!(
        (&told["from"], &told["directory"]),
        (&Value::from("here"), &Value::from("/srv/exchange/spares"))
    );
    let pod = pod(&documents, "drop-spares-orders");
    let mounts = pod["containers"][0]["volumeMounts"].to_string();
    assert!(mounts.contains("\"/srv/exchange/spares\""), "{mounts}");
    assert!(
        !pod["volumes"].to_string().contains("token"),
        "it has no secret: {pod}"
    );
    let claims = kind(&documents, "PersistentVolumeClaim");
    // In both regions: whoever leads looks there.
    assert_eq!(claims.len(), 2);
    for claim in claims {
        assert_eq!(claim["spec"]["accessModes"][0], "ReadWriteOncePod");
        assert_eq!(
            claim["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/prune"],
            "disabled"
        );
        assert_eq!(claim["spec"]["storageClassName"], "managed-csi-premium");
        let storage = claim["spec"]["resources"]["requests"]["storage"]
            .as_str()
            .unwrap();
        assert!(storage.ends_with("Gi"), "{storage}");
    }
}
