//! Mapping files.

use std::collections::BTreeMap;

use edi::documents::Decimal;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    command::Kind,
    outgoing,
    path::{Path, Place},
};

/// Larger files are mistakes.
const BYTES_MAX: usize = 256 * 1024;

/// Which documents a mapping takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Document {
    /// A transaction set of X12, such as `850`.
    X12(String),
    /// A message of EDIFACT, such as `ORDERS`.
    Edifact(String),
    /// JSON, under a name of the mapping's own.
    Json(String),
    /// An event of the ERP's outbox, such as `shipment.done`.
    Event(String),
}

impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::X12(kind) => write!(f, "X12 {kind}"),
            Self::Edifact(kind) => write!(f, "EDIFACT {kind}"),
            Self::Json(name) => write!(f, "JSON {name}"),
            Self::Event(kind) => write!(f, "event {kind}"),
        }
    }
}

/// A mapping that is ready to be used.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) file: File,
}

/// Why a file is no mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PL0760: {0}")]
pub struct FileError(String);

impl FileError {
    /// What is wrong, without the code.
    pub fn message(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub format: Format,
    pub name: String,
    pub version: u32,
    pub from: Document,
    pub to: Output,
    /// Conditions that must all hold; a document that does not fit is offered to the next mapping.
    #[serde(default)]
    pub when: Vec<When>,
    /// Segments at which the header ends: paths outside of lists look in front of the first of them.
    #[serde(default)]
    pub header: Vec<String>,
    /// Units with how many of the ERP's unit each is.
    #[serde(default)]
    pub units: BTreeMap<String, Decimal>,
    /// The zone of times without one.
    #[serde(default)]
    pub zone: Option<String>,
    pub set: BTreeMap<String, Rule>,
    /// CSV: the columns in their order, each a key of a row.
    #[serde(default)]
    pub columns: Vec<String>,
    /// CSV: the key of `set` that has the rows.
    #[serde(default)]
    pub rows: Option<String>,
    /// ZPL: the label, with `{key}` where a key of `set` goes.
    #[serde(default)]
    pub text: Option<String>,
}

/// What a mapping makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Output {
    Command(Kind),
    Message(Form),
}

/// The form of a message that leaves the ERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One object.
    Json,
    /// A table with its columns named in the first line (RFC 4180).
    Csv,
    /// A label.
    Zpl,
}

impl Form {
    /// As mapping files call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Zpl => "zpl",
        }
    }
}

/// The form of the file; there is one.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Format {
    #[serde(rename = "plimsoll-mapping/1")]
    One,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    pub path: String,
    #[serde(rename = "in")]
    pub values: Vec<String>,
}

/// How a key of the command gets its value: a path, or more than that.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    Path(String),
    More(Box<More>),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct More {
    /// Where it is; of several paths the first that finds something.
    #[serde(default)]
    pub path: Option<OneOrMany>,
    /// What was agreed on with the partner, by its name.
    #[serde(default)]
    pub given: Option<String>,
    /// Always this.
    #[serde(default)]
    pub value: Option<Value>,
    /// Where there is none.
    #[serde(default)]
    pub default: Option<Value>,
    /// Left out where there is none.
    #[serde(default)]
    pub optional: bool,
    #[serde(default, rename = "as")]
    pub kind: Type,
    /// Where the unit of a quantity is; its factor comes from `units`.
    #[serde(default)]
    pub unit: Option<String>,
    /// The partner's codes with ours.
    #[serde(default)]
    pub codes: Option<BTreeMap<String, Value>>,
    /// A list: one entry for each of these.
    #[serde(default)]
    pub each: Option<String>,
    /// Segments at which the last entry ends.
    #[serde(default)]
    pub until: Vec<String>,
    /// The keys of an entry, or of an object.
    #[serde(default)]
    pub set: Option<BTreeMap<String, Rule>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Many(paths) => paths,
        }
    }
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    /// Text.
    #[default]
    Text,
    /// A number; `unit` makes one of it too.
    Number,
    /// A day: `CCYYMMDD`, `YYMMDD` or ISO 8601.
    Date,
    /// A day and a time, in `zone` where none is given; becomes UTC.
    Time,
    /// Yes or no: `codes` says which text is which.
    Flag,
    /// A trade item number with its check digit.
    Gtin,
    /// A serial shipping container code with its check digit.
    Sscc,
    /// As it is in JSON, whatever it is.
    Json,
}

impl Mapping {
    /// Reads a mapping file (YAML).
    ///
    /// # Errors
    /// [`FileError`] with what is wrong in it.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        if text.len() > BYTES_MAX {
            return Err(FileError(format!("a mapping has at most {BYTES_MAX} bytes")));
        }
        let file: File =
            serde_saphyr::from_str(text).map_err(|error| FileError(format!("no mapping: {error}")))?;
        let Format::One = file.format;
        let json = matches!(file.from, Document::Json(_) | Document::Event(_));
        outgoing::check(&file).map_err(FileError)?;
        for when in &file.when {
            check_path(&when.path, "when", json)?;
        }
        check_rules(&file.set, "", json)?;
        if let Some(zone) = &file.zone {
            crate::value::zone(zone).ok_or_else(|| FileError(format!("`{zone}` is no time zone")))?;
        }
        if let Some((unit, _)) = file.units.iter().find(|(_, factor)| **factor <= Decimal::ZERO) {
            return Err(FileError(format!("the factor of unit `{unit}` must be above 0")));
        }
        Ok(Self { file })
    }

    /// Its name and version, such as `x12-850 v1`.
    pub fn title(&self) -> String {
        format!("{} v{}", self.file.name, self.file.version)
    }

    /// Which documents it takes.
    pub fn document(&self) -> &Document {
        &self.file.from
    }
}

fn check_rules(rules: &BTreeMap<String, Rule>, above: &str, json: bool) -> Result<(), FileError> {
    for (name, rule) in rules {
        let key = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        match rule {
            Rule::Path(path) => check_path(path, &key, json)?,
            Rule::More(more) => check_more(more, &key, json)?,
        }
    }
    Ok(())
}

fn check_more(more: &More, key: &str, json: bool) -> Result<(), FileError> {
    let paths = more.path.iter().flat_map(OneOrMany::as_slice);
    for path in paths.chain(&more.unit).chain(&more.each) {
        check_path(path, key, json)?;
    }
    let ways = [
        more.path.is_some(),
        more.given.is_some(),
        more.value.is_some(),
        more.set.is_some(),
    ];
    if ways.iter().filter(|way| **way).count() != 1 {
        return Err(FileError(format!(
            "`{key}` must have exactly one of `path`, `given`, `value` and `set`"
        )));
    }
    if more.each.is_some() && more.set.is_none() {
        return Err(FileError(format!("`{key}` has `each` without `set`")));
    }
    match &more.set {
        Some(rules) => check_rules(rules, key, json),
        None => Ok(()),
    }
}

fn check_path(path: &str, key: &str, json: bool) -> Result<(), FileError> {
    let parsed = Path::parse(path).map_err(|why| FileError(format!("the path `{path}` of `{key}` {why}")))?;
    let pointer = matches!(parsed.place, Place::Pointer(_));
    if pointer != json {
        let wanted = if json { "a JSON pointer" } else { "a segment" };
        return Err(FileError(format!(
            "the path `{path}` of `{key}` must name {wanted}"
        )));
    }
    Ok(())
}
