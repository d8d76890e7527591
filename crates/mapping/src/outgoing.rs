//! What leaves the ERP: a value by a template, as the bytes of JSON, of a table, or of a label.

use serde_json::Value;

use crate::{
    code::Code,
    error::MapError,
    file::{Document, File, Form, Output},
};

/// The key of `set` that has the rows of a table, where the file names none.
const ROWS: &str = "rows";

/// A message that leaves the ERP.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Its form.
    pub form: Form,
    /// What it says.
    pub value: Value,
    /// As it leaves.
    pub bytes: Vec<u8>,
    /// Name and version of the template.
    pub mapping: String,
}

/// What is wrong with the parts of a file that are of one direction only.
pub(crate) fn check(file: &File) -> Result<(), String> {
    let event = matches!(file.from, Document::Event(_));
    let form = match (file.to, event) {
        (Output::Command(_), false) => None,
        (Output::Message(form), true) => Some(form),
        (Output::Command(_), true) => return Err("an event becomes `json`, `csv` or `zpl`".to_owned()),
        (Output::Message(_), false) => return Err("a document becomes a command".to_owned()),
    };
    if (form == Some(Form::Csv)) == file.columns.is_empty() {
        return Err("`columns` are what a mapping `to: csv` has, and no other".to_owned());
    }
    if file.rows.is_some() && form != Some(Form::Csv) {
        return Err("`rows` is for `to: csv`".to_owned());
    }
    match (&file.text, form) {
        (Some(text), Some(Form::Zpl)) => {
            let unknown = pieces(text).find_map(|piece| match piece {
                Piece::Key(key) if !file.set.contains_key(key) => Some(key),
                Piece::Key(_) | Piece::Text(_) => None,
            });
            unknown.map_or(Ok(()), |key| {
                Err(format!("`text` has `{{{key}}}`, and `set` has no such key"))
            })
        }
        (None, Some(Form::Zpl)) => Err("a mapping `to: zpl` has the label as `text`".to_owned()),
        (Some(_), _) => Err("`text` is for `to: zpl`".to_owned()),
        (None, _) => Ok(()),
    }
}

/// A value as it leaves.
pub(crate) fn bytes(file: &File, form: Form, value: &Value) -> Result<Vec<u8>, MapError> {
    let wrong = |key: &str, why: String| MapError::new(Code::Value, key, file.name.clone(), why);
    match form {
        Form::Json => serde_json::to_vec(value).map_err(|error| wrong("", error.to_string())),
        Form::Csv => {
            let key = file.rows.as_deref().unwrap_or(ROWS);
            let rows = value[key].as_array();
            let rows = rows.ok_or_else(|| wrong(key, "there are no rows".to_owned()))?;
            Ok(table(&file.columns, rows).into_bytes())
        }
        Form::Zpl => Ok(label(file.text.as_deref().unwrap_or_default(), value).into_bytes()),
    }
}

fn table(columns: &[String], rows: &[Value]) -> String {
    let mut lines = vec![line(columns.iter().cloned())];
    lines.extend(
        rows.iter()
            .map(|row| line(columns.iter().map(|column| plain(&row[column.as_str()])))),
    );
    lines.concat()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells
        .map(|cell| {
            if cell.contains([',', '"', '\r', '\n']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell
            }
        })
        .collect();
    format!("{}\r\n", quoted.join(","))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// What is put into a label is data: the characters by which a printer knows commands become spaces.
fn label(text: &str, value: &Value) -> String {
    let command = |c: char| matches!(c, '^' | '~') || c.is_control();
    pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Key(key) => plain(&value[key]).replace(command, " "),
        })
        .collect()
}

enum Piece<'t> {
    Text(&'t str),
    Key(&'t str),
}

/// A text in pieces: what stands between `{` and `}` is a key if it is a word; everything else is text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let word = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let key = rest.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        if let Some((key, behind)) = key.filter(|(key, _)| word(key)) {
            rest = behind;
            return Some(Piece::Key(key));
        }
        // At least one character, or a brace that opens nothing would never be passed.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find('{').map_or(rest.len(), |at| at + first);
        let (text, behind) = rest.split_at(end);
        rest = behind;
        Some(Piece::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Given, Mapping, Source, code::Code, write};

    fn written(to: &str, more: &str, payload: serde_json::Value) -> Result<String, String> {
        let text = format!(
            "format: plimsoll-mapping/1\nname: t\nversion: 3\nfrom: {{ event: shipment.done }}\nto: {to}\n{more}"
        );
        let template = Mapping::parse(&text).map_err(|error| error.to_string())?;
        let (source, given) = (Source::of_event("shipment.done", payload), Given::new());
        match write([&template], &source, &given) {
            Ok(written) => {
                assert_eq!(written.mapping, "t v3");
                Ok(String::from_utf8(written.bytes).expect("text"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn an_event_becomes_json_a_table_or_a_label() {
        let payload = json!({ "shipment": "OUT/7", "ship_to": { "name": "A, \"B\"" },
            "lines": [{ "sku": "S-1", "quantity": 2.5 }, { "sku": "S^XZ", "quantity": 1 }] });
        let json = "set: { number: /shipment, to: { path: /ship_to, as: json },\
            lines: { each: /lines, set: { sku: /sku, pieces: { path: /quantity, as: number } } } }";
        assert_eq!(
            written("json", json, payload.clone()).unwrap(),
            r#"{"lines":[{"pieces":2.5,"sku":"S-1"},{"pieces":1,"sku":"S^XZ"}],"number":"OUT/7","to":{"name":"A, \"B\""}}"#
        );
        let csv = "columns: [sku, number, name]\n\
            set: { rows: { each: /lines, set: { sku: /sku, number: ^/shipment, name: ^/ship_to/name } } }";
        assert_eq!(
            written("csv", csv, payload.clone()).unwrap(),
            "sku,number,name\r\nS-1,OUT/7,\"A, \"\"B\"\"\"\r\nS^XZ,OUT/7,\"A, \"\"B\"\"\"\r\n"
        );
        let zpl = "text: '^XA^FD{number} {sku}{}^FS^XZ'\nset: { number: /shipment, sku: /lines/1/sku }";
        assert_eq!(
            written("zpl", zpl, payload).unwrap(),
            "^XA^FDOUT/7 S XZ{}^FS^XZ",
            "what is data is no command"
        );
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        for (to, more, words) in [
            ("order.create", "set: {}", "an event becomes"),
            ("csv", "set: {}", "`columns` are"),
            ("json", "columns: [a]\nset: {}", "`columns` are"),
            ("zpl", "set: {}", "as `text`"),
            ("zpl", "text: '{a}'\nset: {}", "no such key"),
            ("json", "text: x\nset: {}", "`text` is for"),
            ("json", "set: { a: BEG.1 }", "JSON pointer"),
            ("json", "set: { a: /none }", "nothing here"),
            (
                "json",
                "when: [{ path: /a, in: [x] }]\nset: {}",
                Code::NoMapping.as_str(),
            ),
        ] {
            let why = written(to, more, json!({ "a": "y" })).unwrap_err();
            assert!(why.contains(words), "{to} {more}: {why}");
        }
    }
}
