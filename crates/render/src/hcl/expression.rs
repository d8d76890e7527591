//! Values, and what refers to them.

/// What an attribute is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// Nothing: as if the attribute were not there.
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Number(u64),
    /// Text, quoted and escaped.
    Text(String),
    /// A type of a variable, as Terraform writes it.
    Type(&'static str),
    /// Something that has a name: `var.x`, `module.y.id`, `local.z["a"]`.
    Reference(Vec<Step>),
    /// Text with references in it.
    Template(Vec<Part>),
    /// The only element of a list, or nothing: `one(module.x[*].id)`
    One(Box<Expression>),
    /// Part of a text: `split("/", value)[4]`
    Split {
        /// What is between the parts.
        separator: &'static str,
        /// The text.
        value: Box<Expression>,
        /// Which part, from 0.
        index: usize,
    },
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{ a = b }`
    Map(Vec<(String, Expression)>),
}

/// A step of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name`
    Name(String),
    /// `["key"]`
    Key(String),
    /// `[*]`
    All,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As it is.
    Text(String),
    /// `${…}`
    Value(Expression),
}

impl Expression {
    /// A reference by its names: `reference(["var", "x"])` is `var.x`.
    pub(crate) fn reference<const N: usize>(names: [&str; N]) -> Self {
        Self::Reference(names.into_iter().map(step).collect())
    }

    /// The element of a reference that has this key.
    pub(crate) fn at(self, key: &str) -> Self {
        match self {
            Self::Reference(mut steps) => {
                steps.push(Step::Key(key.to_owned()));
                Self::Reference(steps)
            }
            other => other,
        }
    }

    /// A list.
    pub(crate) fn list(items: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// A map, in the order given.
    pub(crate) fn map<K: Into<String>, V: Into<Self>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

// === references of a stack ===

impl Expression {
    /// A variable of the stack.
    pub(crate) fn var(name: &str) -> Self {
        Self::reference(["var", name])
    }

    /// A local value of the stack.
    pub(crate) fn local(name: &str) -> Self {
        Self::reference(["local", name])
    }

    /// An output of a module.
    pub(crate) fn output(module: &str, name: &str) -> Self {
        Self::reference(["module", module, name])
    }

    /// An output of a module that may not be there: it has a `count`.
    pub(crate) fn output_if_any(module: &str, name: &str) -> Self {
        let names = ["module", module].map(step);
        let steps = names.into_iter().chain([Step::All, step(name)]);
        Self::One(Box::new(Self::Reference(steps.collect())))
    }
}

/// Text with a value before it: `"${value}/text"`. Parts are given in order.
pub(crate) fn template(parts: impl IntoIterator<Item = Part>) -> Expression {
    Expression::Template(parts.into_iter().collect())
}

fn step(name: &str) -> Step {
    if super::is_identifier(name) {
        Step::Name(name.to_owned())
    } else {
        Step::Key(name.to_owned())
    }
}

// === conversions ===

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Expression> for Part {
    fn from(value: Expression) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Expression {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Expression {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u8> for Expression {
    fn from(value: u8) -> Self {
        Self::Number(value.into())
    }
}

impl From<u16> for Expression {
    fn from(value: u16) -> Self {
        Self::Number(value.into())
    }
}

impl From<u32> for Expression {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<u64> for Expression {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<ipnet::Ipv4Net> for Expression {
    fn from(value: ipnet::Ipv4Net) -> Self {
        Self::Text(value.to_string())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Expression {
    fn from(items: Vec<T>) -> Self {
        Self::list(items)
    }
}

impl<T: Into<Self>> From<Option<T>> for Expression {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
