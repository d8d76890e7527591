//! Dashboards for three kinds of people: does the business run, what needs doing, what is going on inside.

mod engineers;
mod executives;
mod operators;
mod panel;

use serde::Serialize;
use serde_json::{Value, json};
use types::FileTree;

use super::watched::Watched;
use crate::{Error, settings};
use panel::{Panel, place};

/// A dashboard before it is placed and numbered.
struct Dashboard {
    /// Name of its file, and the end of its uid.
    name: &'static str,
    /// Title.
    title: &'static str,
    /// How far back it looks.
    from: &'static str,
    /// How often it is drawn again.
    refresh: &'static str,
    /// Panels in rows.
    rows: Vec<Row>,
}

/// A row of panels under a heading.
struct Row {
    title: &'static str,
    panels: Vec<Panel>,
}

/// Writes all dashboards of an environment.
pub(super) fn insert(tree: &mut FileTree, folder: &str, watched: &Watched) -> Result<(), Error> {
    for dashboard in [
        executives::dashboard(),
        operators::dashboard(),
        engineers::dashboard(),
    ] {
        let path = format!("{folder}/dashboards/{}.json", dashboard.name);
        settings::insert(tree, &path, &document(dashboard, &watched.environment))?;
    }
    Ok(())
}

/// The data source is chosen by whoever imports the dashboard.
fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn document(dashboard: Dashboard, environment: &str) -> impl Serialize {
    json!({
        "uid": uid(environment, dashboard.name),
        "title": format!("{} ({environment})", dashboard.title),
        "tags": ["plimsoll", environment],
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "graphTooltip": 1,
        "refresh": dashboard.refresh,
        "time": { "from": dashboard.from, "to": "now" },
        "timezone": "browser",
        "templating": { "list": [
            { "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus" },
            variable("stamp", "Stamp", "label_values(plimsoll:plan:stamp, stamp)"),
            variable("region", "Region", "label_values(plimsoll:plan:database_connections_max, region)"),
        ] },
        "annotations": { "list": [
            annotation("Business calendar", "purple", "plimsoll_business_event_active == 1", "{{kind}}: {{what}}"),
            annotation("Recovery", "red", "changes(plimsoll_controller_generation[1m]) > 0", "Another region leads"),
            annotation("Release", "blue", "changes(plimsoll_release_info[5m]) > 0 or plimsoll_release_info unless plimsoll_release_info offset 5m", "Release {{version}}"),
        ] },
        "panels": place(dashboard.rows),
    })
}

/// At most 40 characters, as Grafana asks.
fn uid(environment: &str, name: &str) -> String {
    let short: String = environment
        .chars()
        .take(40 - "plimsoll--".len() - name.len())
        .collect();
    format!("plimsoll-{short}-{name}")
}

fn variable(name: &str, label: &str, query: &str) -> Value {
    json!({
        "name": name,
        "label": label,
        "type": "query",
        "datasource": source(),
        "query": { "query": query, "refId": name },
        "refresh": 2,
        "sort": 1,
        "multi": true,
        "includeAll": true,
        "allValue": ".*",
        "current": { "text": "All", "value": "$__all" },
    })
}

fn annotation(name: &str, colour: &str, expr: &str, text: &str) -> Value {
    json!({
        "name": name,
        "datasource": source(),
        "enable": true,
        "iconColor": colour,
        "expr": expr,
        "titleFormat": name,
        "textFormat": text,
        "step": "60s",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_short_enough_for_grafana() {
        let name = "e".repeat(63);
        assert_eq!(uid(&name, "executives").chars().count(), 40);
        assert_eq!(uid("production", "operators"), "plimsoll-production-operators");
    }
}
