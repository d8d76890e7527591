//! Kubernetes objects: their names, and the pods that workloads make.

use regorus::Value;

use super::text_of;

/// The objects in one document: a `List` holds several.
pub(crate) fn objects(value: Value) -> Vec<Value> {
    match value["items"].as_array() {
        Ok(items) if text_of(&value["kind"]).is_some_and(|kind| kind.ends_with("List")) => {
            items.iter().cloned().collect()
        }
        _ => vec![value],
    }
}

/// `Kind/namespace/name` or `Kind/name`; nothing when it is no Kubernetes object.
pub(super) fn name_of(value: &Value) -> Option<String> {
    let (kind, _) = (text_of(&value["kind"])?, text_of(&value["apiVersion"])?);
    let metadata = &value["metadata"];
    let name = text_of(&metadata["name"])
        .or_else(|| text_of(&metadata["generateName"]))
        .unwrap_or_default();
    Some(match text_of(&metadata["namespace"]) {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    })
}

/// What rules look at most: an object that makes pods, and its containers.
pub(crate) fn workload(at: &str, object: &Value) -> Option<Value> {
    let kind = text_of(&object["kind"])?;
    let spec = &object["spec"];
    let template = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => &spec["template"],
        "CronJob" => &spec["jobTemplate"]["spec"]["template"],
        "Pod" => object,
        _ => return None,
    };
    let pod = &template["spec"];
    if pod == &Value::Undefined {
        return None;
    }
    let containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| {
            let entries = pod[list].as_array().ok();
            entries
                .into_iter()
                .flat_map(|entries| entries.iter())
                .map(move |container| (list == "initContainers", container))
        })
        .map(|(init, container)| {
            let name = text_of(&container["name"]).unwrap_or_default();
            record([
                ("at", Value::from(format!("{at}/{name}"))),
                ("name", Value::from(name)),
                ("init", Value::from(init)),
                ("spec", container.clone()),
            ])
        });
    let replicas = match &spec["replicas"] {
        Value::Undefined | Value::Null => Value::from(1_u64),
        count => count.clone(),
    };
    Some(record([
        ("at", Value::from(at)),
        ("kind", Value::from(kind)),
        ("name", or_empty(&object["metadata"]["name"])),
        ("namespace", or_empty(&object["metadata"]["namespace"])),
        ("replicas", replicas),
        ("object", object.clone()),
        ("labels", or_object(&template["metadata"]["labels"])),
        ("pod", pod.clone()),
        ("containers", Value::from(containers.collect::<Vec<_>>())),
    ]))
}

fn or_empty(value: &Value) -> Value {
    if matches!(value, Value::String(_)) {
        value.clone()
    } else {
        Value::from("")
    }
}

fn or_object(value: &Value) -> Value {
    if matches!(value, Value::Object(_)) {
        value.clone()
    } else {
        Value::new_object()
    }
}

/// An object with these keys.
pub(crate) fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut value = Value::new_object();
    if let Ok(object) = value.as_object_mut() {
        for (key, field) in fields {
            object.insert(key.into(), field);
        }
    }
    value
}
