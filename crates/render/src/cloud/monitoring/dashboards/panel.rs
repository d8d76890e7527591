//! Panels of a dashboard, and their places.

use serde_json::{Value, json};

use super::{Row, source};

/// Grafana's grid is this wide.
const WIDTH: u32 = 24;

/// How a panel shows its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One tile a series, coloured by its value.
    Tiles,
    /// Lines over time.
    Lines,
    /// A row a series, with the last value.
    Table,
    /// A bar a series over time, coloured by its value: working or not.
    States,
}

/// One panel.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    kind: Kind,
    title: &'static str,
    about: &'static str,
    queries: Vec<(String, &'static str)>,
    unit: &'static str,
    width: u32,
    height: u32,
    /// Ascending: a colour from this value on.
    steps: Vec<(Option<f64>, &'static str)>,
    words: Vec<(&'static str, &'static str)>,
}

impl Panel {
    /// A panel with one query; the legend may name labels as `{{label}}`.
    pub(super) fn new(
        kind: Kind,
        title: &'static str,
        expr: impl Into<String>,
        legend: &'static str,
    ) -> Self {
        let (width, height) = match kind {
            Kind::Tiles => (24, 5),
            Kind::Lines => (12, 8),
            Kind::Table | Kind::States => (24, 9),
        };
        Self {
            kind,
            title,
            about: "",
            queries: vec![(expr.into(), legend)],
            unit: "short",
            width,
            height,
            steps: vec![(None, "green")],
            words: Vec::new(),
        }
    }

    /// Another query in the same panel.
    pub(super) fn and(mut self, expr: impl Into<String>, legend: &'static str) -> Self {
        self.queries.push((expr.into(), legend));
        self
    }

    /// What it means, shown on hover.
    pub(super) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Grafana's id of a unit: `s`, `percentunit`, `bytes`, …
    pub(super) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// So many of the 24 columns.
    pub(super) fn width(mut self, width: u32) -> Self {
        self.width = width;
        self
    }

    /// Amber from here, red from there.
    pub(super) fn bad_above(mut self, amber: f64, red: f64) -> Self {
        self.steps = vec![(None, "green"), (Some(amber), "orange"), (Some(red), "red")];
        self
    }

    /// 1 is good, 0 is bad, in these words.
    pub(super) fn good_or_bad(mut self, good: &'static str, bad: &'static str) -> Self {
        self.steps = vec![(None, "red"), (Some(1.0), "green")];
        self.words = vec![("1", good), ("0", bad)];
        self
    }

    fn document(&self, id: u32, x: u32, y: u32) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|(value, colour)| json!({ "value": value, "color": colour }))
            .collect();
        let words: serde_json::Map<String, Value> = self
            .words
            .iter()
            .map(|(value, text)| ((*value).to_owned(), json!({ "text": text })))
            .collect();
        let mappings = if words.is_empty() {
            json!([])
        } else {
            json!([{ "type": "value", "options": words }])
        };
        json!({
            "id": id,
            "type": self.grafana_type(),
            "title": self.title,
            "description": self.about,
            "datasource": source(),
            "gridPos": { "x": x, "y": y, "w": self.width, "h": self.height },
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "mappings": mappings,
                    "thresholds": { "mode": "absolute", "steps": steps },
                    "color": { "mode": if self.kind == Kind::Lines { "palette-classic" } else { "thresholds" } },
                },
                "overrides": [],
            },
            "options": self.options(),
            "targets": self.targets(),
        })
    }

    const fn grafana_type(&self) -> &'static str {
        match self.kind {
            Kind::Tiles => "stat",
            Kind::Lines => "timeseries",
            Kind::Table => "table",
            Kind::States => "state-timeline",
        }
    }

    fn options(&self) -> Value {
        match self.kind {
            Kind::Tiles => json!({
                "colorMode": "background",
                "graphMode": "none",
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
            }),
            Kind::Lines => json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Kind::Table => json!({ "showHeader": true }),
            Kind::States => json!({ "showValue": "never", "mergeValues": true }),
        }
    }

    fn targets(&self) -> Vec<Value> {
        let table = self.kind == Kind::Table;
        self.queries
            .iter()
            .zip('A'..='Z')
            .map(|((expr, legend), id)| {
                json!({
                    "refId": id.to_string(),
                    "datasource": source(),
                    "expr": expr,
                    "legendFormat": legend,
                    "instant": table,
                    "range": !table,
                    "format": if table { "table" } else { "time_series" },
                })
            })
            .collect()
    }
}

/// Numbers the panels and puts them side by side, row under row.
pub(super) fn place(rows: Vec<Row>) -> Vec<Value> {
    let (mut placed, mut id, mut y) = (Vec::new(), 0, 0);
    for row in rows {
        id += 1;
        placed.push(json!({
            "id": id,
            "type": "row",
            "title": row.title,
            "collapsed": false,
            "gridPos": { "x": 0, "y": y, "w": WIDTH, "h": 1 },
            "panels": [],
        }));
        y += 1;
        let (mut x, mut tallest) = (0, 0);
        for panel in row.panels {
            if x + panel.width > WIDTH {
                (x, y, tallest) = (0, y + tallest, 0);
            }
            id += 1;
            placed.push(panel.document(id, x, y));
            x += panel.width;
            tallest = tallest.max(panel.height);
        }
        y += tallest;
    }
    placed
}
