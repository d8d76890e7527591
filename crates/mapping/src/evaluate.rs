//! Applies mappings to a document.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::{
    code::Code,
    command::{self, Command},
    error::MapError,
    file::{File, Mapping, More, OneOrMany, Output, Rule, Type},
    outgoing::{self, Written},
    path::{Path, Place, SegmentPath},
    source::{Body, Segment, Shape, Source},
    value,
};

/// Entries of one list; the inbox takes no more lines.
const ENTRIES_MAX: usize = 1000;

/// What was agreed on with the partner, by name: `partner`, `warehouse`, `confirm`.
pub type Given = BTreeMap<String, Value>;

/// The same from what an agreement says.
pub fn agreed(partner: &str, warehouse: Option<&str>, confirm: bool) -> Given {
    [
        ("partner", partner.into()),
        ("warehouse", warehouse.into()),
        ("confirm", confirm.into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The command that a document becomes, by the first mapping that takes it.
///
/// # Errors
/// [`MapError`] when no mapping takes it, or the one that does finds something missing or wrong. Nothing is left out
/// silently.
pub fn map<'m>(
    mappings: impl IntoIterator<Item = &'m Mapping>,
    source: &'m Source,
    given: &'m Given,
) -> Result<Command, MapError> {
    let wanted = |file: &File| matches!(file.to, Output::Command(_));
    choose(mappings, source, given, wanted)?.command()
}

/// The message that an event of the ERP becomes, by the first template that takes it.
///
/// # Errors
/// As [`map`]; [`Code::NoMapping`] where the conditions of all templates for such events say no.
pub fn write<'m>(
    templates: impl IntoIterator<Item = &'m Mapping>,
    source: &'m Source,
    given: &'m Given,
) -> Result<Written, MapError> {
    let wanted = |file: &File| matches!(file.to, Output::Message(_));
    choose(templates, source, given, wanted)?.message()
}

/// The first mapping that takes a document.
fn choose<'m>(
    mappings: impl IntoIterator<Item = &'m Mapping>,
    source: &'m Source,
    given: &'m Given,
    wanted: impl Fn(&File) -> bool,
) -> Result<Work<'m>, MapError> {
    let mut close = None;
    for Mapping { file } in mappings {
        if file.from != source.document || !wanted(file) {
            continue;
        }
        let work = Work {
            file,
            source,
            given,
            zone: file.zone.as_deref().and_then(value::zone),
        };
        match work.unfit() {
            None => return Ok(work),
            Some(why) => close = Some((file.name.clone(), why)),
        }
    }
    let document = source.document.to_string();
    Err(match close {
        None => MapError::new(Code::NoMapping, "", document, "no mapping takes this document"),
        Some((name, (path, value))) => MapError::new(
            Code::NoMapping,
            "",
            path,
            format!("`{value}` is not taken by {name}, and no other mapping takes it"),
        ),
    })
}

struct Work<'a> {
    file: &'a File,
    source: &'a Source,
    given: &'a Given,
    zone: Option<TimeZone>,
}

/// What paths look at.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Segments(&'a [Segment]),
    Json(&'a Value),
}

/// A text that was found, and where.
struct Found {
    text: String,
    place: String,
}

impl<'a> Work<'a> {
    fn whole(&self) -> Scope<'a> {
        match &self.source.body {
            Body::Segments(_, segments) => Scope::Segments(segments),
            Body::Json(value) => Scope::Json(value),
        }
    }

    /// The document up to its first line.
    fn header(&self) -> Scope<'a> {
        match self.whole() {
            Scope::Segments(segments) => {
                let ends = |segment: &Segment| self.file.header.contains(&segment.tag);
                let end = segments.iter().position(ends).unwrap_or(segments.len());
                Scope::Segments(&segments[..end])
            }
            json @ Scope::Json(_) => json,
        }
    }

    fn shape(&self) -> Shape {
        match &self.source.body {
            Body::Segments(shape, _) => *shape,
            Body::Json(_) => Shape::X12,
        }
    }

    /// The first condition that does not hold, with what was there.
    fn unfit(&self) -> Option<(String, String)> {
        self.file.when.iter().find_map(|when| {
            let text = self.find(&when.path, self.header()).map(|found| found.text);
            let text = text.unwrap_or_default();
            (!when.values.contains(&text)).then(|| (when.path.clone(), text))
        })
    }

    fn command(&self) -> Result<Command, MapError> {
        let Output::Command(kind) = self.file.to else {
            return Err(self.of_another_kind());
        };
        let payload = self.object(&self.file.set, self.header(), "")?;
        command::check(kind, &payload)?;
        Ok(Command {
            kind,
            payload: Value::Object(payload),
            mapping: format!("{} v{}", self.file.name, self.file.version),
        })
    }

    fn message(&self) -> Result<Written, MapError> {
        let Output::Message(form) = self.file.to else {
            return Err(self.of_another_kind());
        };
        let value = Value::Object(self.object(&self.file.set, self.header(), "")?);
        let bytes = outgoing::bytes(self.file, form, &value)?;
        Ok(Written {
            form,
            value,
            bytes,
            mapping: format!("{} v{}", self.file.name, self.file.version),
        })
    }

    fn of_another_kind(&self) -> MapError {
        let document = self.source.document.to_string();
        MapError::new(
            Code::NoMapping,
            "",
            document,
            "the mapping is for the other direction",
        )
    }

    fn object(
        &self,
        rules: &BTreeMap<String, Rule>,
        scope: Scope<'a>,
        above: &str,
    ) -> Result<Map<String, Value>, MapError> {
        let mut object = Map::new();
        for (name, rule) in rules {
            let key = if above.is_empty() {
                name.clone()
            } else {
                format!("{above}.{name}")
            };
            let value = match rule {
                Rule::Path(path) => {
                    let more = More {
                        path: Some(OneOrMany::One(path.clone())),
                        ..More::default()
                    };
                    self.value(&more, scope, &key)?
                }
                Rule::More(more) => self.value(more, scope, &key)?,
            };
            if let Some(value) = value {
                object.insert(name.clone(), value);
            }
        }
        Ok(object)
    }

    fn value(&self, more: &More, scope: Scope<'a>, key: &str) -> Result<Option<Value>, MapError> {
        if let Some(value) = &more.value {
            return Ok(Some(value.clone()));
        }
        if let Some(name) = &more.given {
            let given = self.given.get(name).filter(|value| !value.is_null()).cloned();
            return self.or_default(given, more, key, || format!("`{name}` of the agreement"));
        }
        if let Some(rules) = &more.set {
            return match &more.each {
                Some(each) => self.list(each, more, rules, scope, key).map(Some),
                None => Ok(Some(Value::Object(self.object(rules, scope, key)?))),
            };
        }
        let paths = more.path.as_ref().map_or(&[][..], OneOrMany::as_slice);
        if more.kind == Type::Json {
            let found = paths.iter().find_map(|path| self.as_it_is(path, scope));
            return self.or_default(found, more, key, || paths.join(", "));
        }
        let found = paths.iter().find_map(|path| self.find(path, scope));
        match found {
            Some(found) => self.convert(&found, more, scope, key).map(Some),
            None => self.or_default(None, more, key, || paths.join(", ")),
        }
    }

    fn or_default(
        &self,
        value: Option<Value>,
        more: &More,
        key: &str,
        place: impl FnOnce() -> String,
    ) -> Result<Option<Value>, MapError> {
        match value.or_else(|| more.default.clone()) {
            None if !more.optional => Err(MapError::new(
                Code::Missing,
                key,
                place(),
                "there is nothing here",
            )),
            value => Ok(value),
        }
    }

    fn convert(&self, found: &Found, more: &More, scope: Scope<'a>, key: &str) -> Result<Value, MapError> {
        let error = |code, message: String| MapError::new(code, key, &found.place, message);
        if let Some(codes) = &more.codes {
            let ours = codes.get(&found.text).cloned();
            return ours.ok_or_else(|| {
                error(
                    Code::NotAgreed,
                    format!("the code `{}` was not agreed on", found.text),
                )
            });
        }
        let Some(unit) = &more.unit else {
            return value::of_text(&found.text, more.kind, self.zone.as_ref())
                .map_err(|(code, message)| error(code, message));
        };
        let quantity = value::decimal(&found.text)
            .ok_or_else(|| error(Code::Value, format!("`{}` is no number", found.text)))?;
        let unit = self.find(unit, scope).map(|found| found.text).unwrap_or_default();
        let factor = self
            .file
            .units
            .get(&unit)
            .ok_or_else(|| error(Code::Unit, format!("the unit `{unit}` was not agreed on")))?;
        let number = quantity.checked_mul(*factor).and_then(value::json_number);
        number
            .map(Value::Number)
            .ok_or_else(|| error(Code::Value, format!("{quantity} {unit} has too many digits")))
    }

    fn list(
        &self,
        each: &str,
        more: &More,
        rules: &BTreeMap<String, Rule>,
        scope: Scope<'a>,
        key: &str,
    ) -> Result<Value, MapError> {
        let entries = self.entries(each, &more.until, scope);
        if entries.len() > ENTRIES_MAX {
            let message = format!(
                "there are {} entries, at most {ENTRIES_MAX} are taken",
                entries.len()
            );
            return Err(MapError::new(Code::Value, key, each, message));
        }
        if entries.is_empty() {
            return match (&more.default, more.optional) {
                (Some(value), _) => Ok(value.clone()),
                (None, true) => Ok(Value::Array(Vec::new())),
                (None, false) => Err(MapError::new(Code::Missing, key, each, "there is none")),
            };
        }
        let objects = entries.into_iter().enumerate().map(|(index, entry)| {
            self.object(rules, entry, &format!("{key}[{index}]"))
                .map(Value::Object)
        });
        objects.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    /// Lists are found in the whole document when they are asked for in the header.
    fn entries(&self, each: &str, until: &[String], scope: Scope<'a>) -> Vec<Scope<'a>> {
        let Ok(path) = Path::parse(each) else {
            return Vec::new();
        };
        match (path.place, self.whole(), scope) {
            (Place::Pointer(pointer), Scope::Json(whole), Scope::Json(here)) => {
                let from = if path.from_root { whole } else { here };
                let list = from.pointer(&pointer).and_then(Value::as_array);
                list.map_or_else(Vec::new, |list| list.iter().map(Scope::Json).collect())
            }
            (Place::Segment(place), Scope::Segments(whole), _) => segment_entries(&place, until, whole),
            _ => Vec::new(),
        }
    }

    fn as_it_is(&self, path: &str, scope: Scope<'a>) -> Option<Value> {
        let parsed = Path::parse(path).ok()?;
        let scope = if parsed.from_root { self.whole() } else { scope };
        match (&parsed.place, scope) {
            (Place::Pointer(pointer), Scope::Json(value)) => {
                value.pointer(pointer).filter(|value| !value.is_null()).cloned()
            }
            _ => None,
        }
    }

    fn find(&self, path: &str, scope: Scope<'a>) -> Option<Found> {
        let parsed = Path::parse(path).ok()?;
        let scope = if parsed.from_root { self.whole() } else { scope };
        match (&parsed.place, scope) {
            (Place::Pointer(pointer), Scope::Json(value)) => {
                let text = match value.pointer(pointer)? {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    Value::Null | Value::Array(_) | Value::Object(_) => return None,
                };
                (!text.is_empty()).then(|| Found {
                    text,
                    place: path.to_owned(),
                })
            }
            (Place::Segment(place), Scope::Segments(segments)) => segments
                .iter()
                .filter(|segment| place.takes(segment))
                .find_map(|segment| {
                    Some(Found {
                        text: place.of(segment, self.shape())?.to_owned(),
                        place: format!("{path} in segment {}", segment.position),
                    })
                }),
            _ => None,
        }
    }
}

/// From one such segment to the next, or to a segment that ends the list.
fn segment_entries<'a>(place: &SegmentPath, until: &[String], whole: &'a [Segment]) -> Vec<Scope<'a>> {
    let mut entries = Vec::new();
    let mut begun: Option<usize> = None;
    for (index, segment) in whole.iter().enumerate() {
        let ends = segment.tag == place.tag || until.contains(&segment.tag);
        if ends && let Some(from) = begun.take() {
            entries.push(Scope::Segments(&whole[from..index]));
        }
        if place.takes(segment) {
            begun = Some(index);
        }
    }
    entries.extend(begun.map(|from| Scope::Segments(&whole[from..])));
    entries
}
