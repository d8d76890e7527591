//! Rules as the files that Prometheus, its operator and `promtool` read.

use serde::Serialize;
use types::{FileTree, Span};

use super::model::{Alert, Case, Labels, Record, RuleFile, series};
use crate::{Error, cloud::yaml};

/// A file of rules, or the `spec` of the custom resource.
#[derive(Serialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule {
    Record {
        record: String,
        expr: String,
        labels: Labels,
    },
    Alert {
        alert: &'static str,
        expr: String,
        #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
        lasting: Option<String>,
        labels: Labels,
        annotations: Annotations,
    },
}

#[derive(Serialize)]
struct Annotations {
    summary: String,
    description: String,
    runbook_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrometheusRule {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Groups,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
    namespace: &'static str,
    labels: Labels,
}

/// Where Prometheus runs.
pub(super) const NAMESPACE: &str = "monitoring";

fn group(file: &RuleFile, environment: &str) -> Group {
    let record = |one: &Record| {
        let mut labels = one.labels.clone();
        labels.insert("environment".to_owned(), environment.to_owned());
        Rule::Record {
            record: one.name.clone(),
            expr: one.expr.clone(),
            labels,
        }
    };
    let alert = |one: &Alert| Rule::Alert {
        alert: one.name,
        expr: one.expr.clone(),
        lasting: (one.lasting > Span::default()).then(|| one.lasting.to_string()),
        labels: one.fixed_labels(environment),
        annotations: Annotations {
            summary: one.summary.clone(),
            description: one.description.clone(),
            runbook_url: one.page.url(),
        },
    };
    Group {
        name: format!("plimsoll-{}", file.name),
        rules: file
            .records
            .iter()
            .map(record)
            .chain(file.alerts.iter().map(alert))
            .collect(),
    }
}

/// Whether cases are written beside the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cases {
    /// They are.
    Written,
    /// They are not: the same rules are proven in another environment.
    LeftOut,
}

/// Writes the rules of one environment in all their forms.
pub(super) fn rules(
    tree: &mut FileTree,
    folder: &str,
    environment: &str,
    files: &[RuleFile],
    cases: Cases,
) -> Result<(), Error> {
    for file in files {
        let groups = Groups {
            groups: vec![group(file, environment)],
        };
        yaml::insert(
            tree,
            &format!("{folder}/rules/{}.yaml", file.name),
            file.about,
            &groups,
        )?;
        if cases == Cases::Written {
            tests(tree, folder, environment, files, file)?;
        }
    }
    custom_resource(tree, folder, environment, files)
}

fn custom_resource(
    tree: &mut FileTree,
    folder: &str,
    environment: &str,
    files: &[RuleFile],
) -> Result<(), Error> {
    let labels = Labels::from([
        ("app.kubernetes.io/name".to_owned(), "plimsoll-rules".to_owned()),
        ("plimsoll.io/environment".to_owned(), environment.to_owned()),
    ]);
    let resource = PrometheusRule {
        api_version: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: Metadata {
            name: format!("plimsoll-{environment}"),
            namespace: NAMESPACE,
            labels,
        },
        spec: Groups {
            groups: files.iter().map(|file| group(file, environment)).collect(),
        },
    };
    let about = "The files in rules/ once more, for the Prometheus operator.";
    yaml::insert(tree, &format!("{folder}/prometheus-rules.yaml"), about, &resource)
}

/// A file for `promtool test rules`.
#[derive(Serialize)]
struct TestFile {
    rule_files: Vec<String>,
    evaluation_interval: &'static str,
    group_eval_order: Vec<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    interval: &'static str,
    input_series: Vec<InputSeries>,
    promql_expr_test: Vec<Expectation>,
}

#[derive(Serialize)]
struct InputSeries {
    series: String,
    values: String,
}

#[derive(Serialize)]
struct Expectation {
    expr: String,
    eval_time: String,
    exp_samples: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    labels: String,
    value: u8,
}

/// Step of ordinary cases.
const MINUTE: &str = "1m";
/// Step of cases over more than a week: ten thousand minutes take their time. An hour must hold two samples.
const HALF_HOUR: &str = "30m";

fn tests(
    tree: &mut FileTree,
    folder: &str,
    environment: &str,
    files: &[RuleFile],
    file: &RuleFile,
) -> Result<(), Error> {
    for (long, suffix, interval) in [(false, "", MINUTE), (true, "-weeks", HALF_HOUR)] {
        let tests: Vec<Test> = file
            .alerts
            .iter()
            .flat_map(|alert| alert.cases.iter().map(move |case| (alert, case)))
            .filter(|(_, case)| case.by_the_half_hour == long)
            .map(|(alert, case)| test(environment, alert, case, interval))
            .collect();
        if tests.is_empty() {
            continue;
        }
        let needed: Vec<&RuleFile> = files
            .iter()
            .filter(|one| one.name == file.name || file.needs.contains(&one.name))
            .collect();
        let document = TestFile {
            rule_files: needed
                .iter()
                .map(|one| format!("../rules/{}.yaml", one.name))
                .collect(),
            evaluation_interval: interval,
            group_eval_order: needed
                .iter()
                .map(|one| format!("plimsoll-{}", one.name))
                .collect(),
            tests,
        };
        let about = "Cases in which each alarm fires, and in which it keeps silent: promtool test rules.";
        yaml::insert(
            tree,
            &format!("{folder}/tests/{}{suffix}.yaml", file.name),
            about,
            &document,
        )?;
    }
    Ok(())
}

/// Labels that say what an alert is about: a case looks only at alerts about what it shows, because a rule that notices
/// what is missing fires for everything that the case does not show.
const ABOUT: [&str; 5] = ["stamp", "region", "capability", "site", "lane"];

fn test(environment: &str, alert: &Alert, case: &Case, interval: &'static str) -> Test {
    let fixed = alert.fixed_labels(environment);
    let mut asked = fixed.clone();
    asked.insert("alertname".to_owned(), alert.name.to_owned());
    asked.insert("alertstate".to_owned(), "firing".to_owned());
    let shown = alert.cases.iter().find_map(|one| one.fires.as_ref());
    for about in ABOUT {
        if let Some(value) = shown.and_then(|labels| labels.get(about)) {
            asked.insert(about.to_owned(), value.clone());
        }
    }
    let samples = case.fires.as_ref().map(|with| {
        let mut all = asked.clone();
        all.extend(with.clone());
        // What the rule says wins over what the series says.
        all.extend(fixed.clone());
        Sample {
            labels: with_labels("ALERTS", &all),
            value: 1,
        }
    });
    let verdict = if case.fires.is_some() {
        "fires"
    } else {
        "keeps silent"
    };
    Test {
        name: format!("{} {verdict}: {}", alert.name, case.name),
        interval,
        input_series: case
            .series
            .iter()
            .map(|(series, values)| InputSeries {
                series: series.clone(),
                values: values.clone(),
            })
            .collect(),
        promql_expr_test: vec![Expectation {
            expr: with_labels("ALERTS", &asked),
            eval_time: if case.by_the_half_hour {
                format!("{}m", case.step * 30)
            } else {
                format!("{}m", case.step)
            },
            exp_samples: samples.into_iter().collect(),
        }],
    }
}

fn with_labels(name: &str, labels: &Labels) -> String {
    let pairs: Vec<(&str, &str)> = labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    series(name, &pairs)
}
