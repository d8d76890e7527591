//! Terraform's language as values.
//!
//! Nested blocks are always lists, whether there is one or many, so that a rule needs only one way to look at them.
//! An expression that is more than a literal stays text, `${…}`: the gate computes nothing, and a rule that wants
//! `false` does not accept a variable that may be anything.

use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey},
    structure::{Block, Body, Structure},
    template::{Element, StringTemplate},
};
use regorus::Value;

use super::{Content, Document, Unreadable, line_of};

/// Where a nested block's labels are kept in its value.
const LABELS: &str = "labels";

pub(super) fn read(path: &str, text: &str) -> Result<Vec<Document>, Unreadable> {
    let body = hcl_edit::parser::parse_body(text).map_err(|error| Unreadable {
        line: u32::try_from(error.location().line()).unwrap_or(u32::MAX),
        message: format!("this is not Terraform: {}", error.message()),
    })?;
    Ok(body
        .iter()
        .filter_map(Structure::as_block)
        .map(|block| {
            let word = block.ident.as_str();
            let mut labels = block.labels.iter().map(|label| label.as_str());
            let first = labels.next().unwrap_or_default();
            let name = labels.next().unwrap_or(first);
            let at = match (word, first, name) {
                ("resource", ..) => format!("{path}#{first}.{name}"),
                ("data", ..) => format!("{path}#data.{first}.{name}"),
                (_, "", _) => format!("{path}#{word}"),
                _ => format!("{path}#{word}.{first}"),
            };
            Document {
                at,
                line: block.span().map_or(1, |span| line_of(text, span.start)),
                content: Content::Terraform {
                    block: word.to_owned(),
                    label: first.to_owned(),
                    name: name.to_owned(),
                    body: body_value(&block.body),
                },
            }
        })
        .collect())
}

fn body_value(body: &Body) -> Value {
    let mut value = Value::new_object();
    let Ok(object) = value.as_object_mut() else {
        return value;
    };
    for structure in body.iter() {
        match structure {
            Structure::Attribute(attribute) => {
                object.insert(attribute.key.as_str().into(), expression(&attribute.value));
            }
            Structure::Block(block) => {
                let key = Value::from(block.ident.as_str());
                let entry = nested(block);
                if let Some(Ok(list)) = object.get_mut(&key).map(Value::as_array_mut) {
                    list.push(entry);
                } else {
                    object.insert(key, Value::from(vec![entry]));
                }
            }
        }
    }
    value
}

fn nested(block: &Block) -> Value {
    let mut value = body_value(&block.body);
    if block.is_labeled() {
        let labels: Vec<_> = block
            .labels
            .iter()
            .map(|label| Value::from(label.as_str()))
            .collect();
        if let Ok(object) = value.as_object_mut() {
            object.insert(LABELS.into(), Value::from(labels));
        }
    }
    value
}

fn expression(expr: &Expression) -> Value {
    match expr {
        Expression::Null(_) => Value::Null,
        Expression::Bool(value) => Value::from(*value.value()),
        Expression::Number(number) => {
            let number = number.value();
            match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(whole), ..) => Value::from(whole),
                (_, Some(whole), _) => Value::from(whole),
                (_, _, Some(real)) => Value::from(real),
                _ => Value::Null,
            }
        }
        Expression::String(text) => Value::from(text.as_str()),
        Expression::Array(array) => Value::from(array.iter().map(expression).collect::<Vec<_>>()),
        Expression::Object(entries) => {
            let mut value = Value::new_object();
            if let Ok(object) = value.as_object_mut() {
                for (key, entry) in entries.iter() {
                    object.insert(key_value(key), expression(entry.expr()));
                }
            }
            value
        }
        Expression::StringTemplate(template) => Value::from(template_text(template)),
        Expression::Parenthesis(inner) => expression(inner.inner()),
        Expression::HeredocTemplate(heredoc) => Value::from(elements_text(heredoc.template.iter())),
        Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::Traversal(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => Value::from(format!("${{{}}}", expr.to_string().trim())),
    }
}

fn key_value(key: &ObjectKey) -> Value {
    match key {
        ObjectKey::Ident(ident) => Value::from(ident.as_str()),
        ObjectKey::Expression(expr) => expression(expr),
    }
}

fn template_text(template: &StringTemplate) -> String {
    elements_text(template.iter())
}

fn elements_text<'e>(elements: impl Iterator<Item = &'e Element>) -> String {
    elements
        .map(|element| match element {
            Element::Literal(text) => text.as_str().to_owned(),
            Element::Interpolation(inner) => format!("${{{}}}", inner.expr.to_string().trim()),
            Element::Directive(_) => "%{…}".to_owned(),
        })
        .collect()
}
