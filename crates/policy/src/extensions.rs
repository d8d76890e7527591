//! Functions that rules may call, beside those of the language.
//!
//! | function | result |
//! | --- | --- |
//! | `net.cidr_is_valid(cidr)` | whether the text is a network |
//! | `net.cidr_contains(cidr, other)` | whether a network contains a network or an address |
//! | `net.cidr_intersects(cidr, other)` | whether two networks share an address |
//! | `plimsoll.days_between(from, to)` | whole days between two dates or timestamps |
//! | `plimsoll.seconds(span)` | whole seconds of a span such as `14d` |
//! | `plimsoll.find_secrets(text)` | `[{"line", "kind"}]` of what looks like a secret |
//! | `plimsoll.ini(text)` | `{"section": {"key": "value"}}` of a file such as `odoo.conf` |
//! | `plimsoll.yaml(text)` | the first document of a YAML text |
//! | `plimsoll.tree(files)` | `{"path": "text"}` as `input`, for tests of policies |

use core::net::IpAddr;

use anyhow::bail;
use ipnet::IpNet;
use regorus::Value;
use types::Span;

use crate::{
    Error, code, date,
    document::{self, record, text_of},
    input::View,
    secrets,
};

type Function = fn(&[Value]) -> anyhow::Result<Value>;

const FUNCTIONS: [(&str, u8, Function); 9] = [
    ("net.cidr_is_valid", 1, cidr_is_valid),
    ("net.cidr_contains", 2, cidr_contains),
    ("net.cidr_intersects", 2, cidr_intersects),
    ("plimsoll.days_between", 2, days_between),
    ("plimsoll.seconds", 1, seconds),
    ("plimsoll.find_secrets", 1, find_secrets),
    ("plimsoll.ini", 1, ini),
    ("plimsoll.yaml", 1, yaml),
    ("plimsoll.tree", 1, tree),
];

/// Makes every function known to an interpreter.
pub(crate) fn register(engine: &mut regorus::Engine) -> Result<(), Error> {
    for (name, arguments, function) in FUNCTIONS {
        engine
            .add_extension(
                name.to_owned(),
                arguments,
                Box::new(move |values: Vec<Value>| function(&values)),
            )
            .map_err(|error| Error::from_rego(code::EVALUATION, &error))?;
    }
    Ok(())
}

fn argument(values: &[Value], index: usize) -> anyhow::Result<&str> {
    let Some(text) = values.get(index).and_then(text_of) else {
        bail!("argument {} must be text", index + 1);
    };
    Ok(text)
}

fn network(text: &str) -> anyhow::Result<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    match text.parse::<IpNet>() {
        Ok(network) => Ok(network.trunc()),
        Err(_) => bail!("`{text}` is not a network"),
    }
}

fn cidr_is_valid(values: &[Value]) -> anyhow::Result<Value> {
    Ok(Value::from(
        argument(values, 0).is_ok_and(|text| text.parse::<IpNet>().is_ok()),
    ))
}

fn cidr_contains(values: &[Value]) -> anyhow::Result<Value> {
    let (outer, inner) = (network(argument(values, 0)?)?, network(argument(values, 1)?)?);
    Ok(Value::from(outer.contains(&inner)))
}

fn cidr_intersects(values: &[Value]) -> anyhow::Result<Value> {
    let (one, other) = (network(argument(values, 0)?)?, network(argument(values, 1)?)?);
    // Networks nest or are apart; they never overlap in part.
    Ok(Value::from(one.contains(&other) || other.contains(&one)))
}

fn days_between(values: &[Value]) -> anyhow::Result<Value> {
    let day = |index| {
        let text = argument(values, index)?;
        date::parse(text).ok_or_else(|| anyhow::anyhow!("`{text}` is not a date such as 2026-11-21"))
    };
    Ok(Value::from(date::days_between(day(0)?, day(1)?)))
}

fn seconds(values: &[Value]) -> anyhow::Result<Value> {
    let text = argument(values, 0)?;
    match text.parse::<Span>() {
        Ok(span) => Ok(Value::from(span.as_duration().as_secs())),
        Err(error) => bail!("{error}"),
    }
}

fn find_secrets(values: &[Value]) -> anyhow::Result<Value> {
    let found = secrets::find(argument(values, 0)?);
    let found = found.into_iter().map(|secret| {
        record([
            ("line", Value::from(u64::from(secret.line))),
            ("kind", Value::from(secret.kind)),
        ])
    });
    Ok(Value::from(found.collect::<Vec<_>>()))
}

fn ini(values: &[Value]) -> anyhow::Result<Value> {
    let mut sections = Value::new_object();
    let mut section = "";
    for line in argument(values, 0)?.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once('=')
            && !line.starts_with([';', '#'])
        {
            let object = sections.as_object_mut()?;
            let keys = match object.get_mut(&section.into()) {
                Some(keys) => keys,
                None => {
                    object.insert(section.into(), Value::new_object());
                    let Some(keys) = object.get_mut(&section.into()) else {
                        continue;
                    };
                    keys
                }
            };
            keys.as_object_mut()?
                .insert(key.trim().into(), value.trim().into());
        }
    }
    Ok(sections)
}

fn yaml(values: &[Value]) -> anyhow::Result<Value> {
    match document::yaml_values(argument(values, 0)?) {
        Ok(values) => Ok(values.into_iter().next().unwrap_or(Value::Null)),
        Err(error) => bail!("line {}: {}", error.line, error.message),
    }
}

fn tree(values: &[Value]) -> anyhow::Result<Value> {
    let mut view = View::default();
    let Some(Ok(files)) = values.first().map(Value::as_object) else {
        bail!("`plimsoll.tree` takes an object of paths and texts");
    };
    for (path, text) in files.iter_sorted() {
        let (Some(path), Some(text)) = (text_of(path), text_of(text)) else {
            bail!("`plimsoll.tree` takes an object of paths and texts");
        };
        if let Err(error) = view.add(path, text) {
            bail!("{path}:{}: {}", error.line, error.message);
        }
    }
    Ok(view.into_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: Function, arguments: &[&str]) -> Result<Value, String> {
        let values: Vec<_> = arguments.iter().map(|text| Value::from(*text)).collect();
        function(&values).map_err(|error| error.to_string())
    }

    #[test]
    fn networks_contain_and_intersect() {
        let yes = Ok(Value::from(true));
        let no = Ok(Value::from(false));
        assert_eq!(call(cidr_contains, &["10.0.0.0/8", "10.1.0.0/16"]), yes);
        assert_eq!(call(cidr_contains, &["10.0.0.0/8", "10.1.2.3"]), yes);
        assert_eq!(call(cidr_contains, &["10.1.0.0/16", "10.0.0.0/8"]), no);
        assert_eq!(call(cidr_intersects, &["10.1.0.0/16", "10.0.0.0/8"]), yes);
        assert_eq!(call(cidr_intersects, &["10.1.0.0/16", "10.2.0.0/16"]), no);
        assert_eq!(call(cidr_intersects, &["fd00::/16", "10.0.0.0/8"]), no);
        assert!(call(cidr_contains, &["10.0.0.0/8", "everywhere"]).is_err());
    }

    #[test]
    fn an_ini_file_is_sections_of_keys() {
        let text = "; made by hand\n[options]\ndb_name = erp\nlist_db=False\n# proxy_mode = True\n";
        let value = call(ini, &[text]).unwrap();
        assert_eq!(
            value.to_json_str().unwrap().replace(['\n', ' '], ""),
            r#"{"options":{"db_name":"erp","list_db":"False"}}"#
        );
    }
}
