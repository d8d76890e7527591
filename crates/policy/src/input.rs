//! What rules see.
//!
//! ```text
//! input.today        "2026-11-21"
//! input.blueprint    the blueprint as JSON, or null
//! input.unit         the directory of what is looked at; only for `deny_unit`
//! input.files        [{path, text}]
//! input.kubernetes   {Kind: [{at, path, apiVersion, namespace, name, object}]}
//! input.workloads    [{at, path, kind, namespace, name, replicas, labels, object, pod, containers: [{at, name, init, spec}]}]
//! input.terraform    {block: {label: [{at, path, name, body}]}}, for instance terraform.resource.azurerm_subnet
//! input.data         [{at, path, value}]: YAML and JSON that is no Kubernetes object
//! ```
//!
//! Everything is there under its kind already, so that a rule never has to search the whole tree for what it is about.

use std::collections::BTreeMap;

use regorus::Value;
use types::FileTree;

use crate::document::{self, Content, Unreadable, record, text_of};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The blueprint as JSON; `None` for a bare tree, for which rules over blueprints are not asked.
    pub blueprint: Option<&'a serde_json::Value>,
    /// The rendered tree.
    pub files: &'a FileTree,
}

/// Documents under their kinds.
#[derive(Default)]
pub(crate) struct View {
    kubernetes: BTreeMap<String, Vec<Value>>,
    workloads: Vec<Value>,
    terraform: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    data: Vec<Value>,
    files: Vec<Value>,
    lines: Lines,
}

impl View {
    /// Takes in one file.
    pub(crate) fn add(&mut self, path: &str, text: &str) -> Result<(), Unreadable> {
        self.files
            .push(record([("path", path.into()), ("text", text.into())]));
        self.lines.0.insert(path.to_owned(), 1);
        for document in document::read(path, text)? {
            self.lines.0.insert(document.at.clone(), document.line);
            let at = document.at;
            match document.content {
                Content::Kubernetes(object) => self.add_object(path, &at, object),
                Content::Terraform {
                    block,
                    label,
                    name,
                    body,
                } => {
                    let entry = record([
                        ("at", at.into()),
                        ("path", path.into()),
                        ("name", name.into()),
                        ("body", body),
                    ]);
                    let labels = self.terraform.entry(block).or_default();
                    labels.entry(label).or_default().push(entry);
                }
                Content::Data(value) => {
                    self.data.push(record([
                        ("at", at.into()),
                        ("path", path.into()),
                        ("value", value),
                    ]));
                }
            }
        }
        Ok(())
    }

    fn add_object(&mut self, path: &str, at: &str, object: Value) {
        let kind = text_of(&object["kind"]).unwrap_or_default().to_owned();
        if let Some(mut workload) = document::workload(at, &object) {
            if let Ok(fields) = workload.as_object_mut() {
                fields.insert("path".into(), path.into());
            }
            self.workloads.push(workload);
        }
        let text = |value: &Value| text_of(value).unwrap_or_default().to_owned();
        self.kubernetes.entry(kind).or_default().push(record([
            ("at", at.into()),
            ("path", path.into()),
            ("apiVersion", text(&object["apiVersion"]).into()),
            ("namespace", text(&object["metadata"]["namespace"]).into()),
            ("name", text(&object["metadata"]["name"]).into()),
            ("object", object),
        ]));
    }

    /// As `input`, without the parts that do not come from files.
    pub(crate) fn into_value(self) -> Value {
        let of_lists = |map: BTreeMap<String, Vec<Value>>| {
            let entries = map
                .into_iter()
                .map(|(key, list)| (Value::from(key), Value::from(list)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        };
        let terraform = self
            .terraform
            .into_iter()
            .map(|(block, labels)| (Value::from(block), of_lists(labels)));
        record([
            ("files", Value::from(self.files)),
            ("kubernetes", of_lists(self.kubernetes)),
            ("workloads", Value::from(self.workloads)),
            ("terraform", Value::from(terraform.collect::<BTreeMap<_, _>>())),
            ("data", Value::from(self.data)),
            ("blueprint", Value::Null),
        ])
    }

    /// Takes out where things begin, to keep it when the rest goes to the interpreter.
    pub(crate) fn take_lines(&mut self) -> Lines {
        std::mem::take(&mut self.lines)
    }
}

/// Where what findings name begins.
#[derive(Default)]
pub(crate) struct Lines(BTreeMap<String, u32>);

impl Lines {
    /// The line of a thing itself, or of what it is a part of.
    pub(crate) fn of(&self, at: &str) -> Option<u32> {
        let mut name = at;
        loop {
            if let Some(line) = self.0.get(name) {
                return Some(*line);
            }
            let (whole, _) = name.rsplit_once('/').filter(|(whole, _)| whole.contains('#'))?;
            name = whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_where_its_whole_begins() {
        let lines = Lines(BTreeMap::from([("a/b.yaml#Deployment/erp/web".to_owned(), 7)]));
        assert_eq!(lines.of("a/b.yaml#Deployment/erp/web/odoo"), Some(7));
        assert_eq!(lines.of("a/b.yaml#Deployment/erp/live"), None);
        assert_eq!(lines.of("a/b.yaml"), None);
    }
}
