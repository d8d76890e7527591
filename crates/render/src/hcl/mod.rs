//! Terraform's language: a small model, and a printer that writes what `terraform fmt` would.
//!
//! Only what stacks are made of: blocks, attributes, literals, references, templates, lists, maps. There is no
//! way to put in text that is taken for code: strings are quoted and escaped, names are checked.
//!
//! ```text
//!   Body ── attributes, comments, gaps
//!        └─ Block ── labels, Body
//!   Expression ── "text" · 17 · true · null · var.name · "a-${var.b}" · [..] · {..}
//! ```

mod expression;
mod print;
#[cfg(test)]
mod tests;

pub(crate) use expression::{Expression, template};

/// The inside of a file or a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Attribute { name: String, value: Expression },
    Block(Block),
    Comment(&'static str),
    Gap,
}

/// A block with its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    kind: &'static str,
    labels: Vec<String>,
    body: Body,
}

// === impl Body ===

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An attribute. Lines that follow each other are aligned.
    pub(crate) fn set(mut self, name: impl Into<String>, value: impl Into<Expression>) -> Self {
        self.items.push(Item::Attribute {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// An attribute, if there is a value.
    pub(crate) fn set_some(self, name: &str, value: Option<impl Into<Expression>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Everything of another body after what is here.
    pub(crate) fn extend(mut self, other: Self) -> Self {
        self.items.extend(other.items);
        self
    }

    /// A nested block; a blank line is before it.
    pub(crate) fn block(mut self, block: Block) -> Self {
        self.push(block);
        self
    }

    /// The same, in place.
    pub(crate) fn push(&mut self, block: Block) {
        self.items.push(Item::Block(block));
    }

    /// A comment; each line of it gets a `#`.
    pub(crate) fn comment(mut self, text: &'static str) -> Self {
        self.note(text);
        self
    }

    /// The same, in place.
    pub(crate) fn note(&mut self, text: &'static str) {
        self.items.push(Item::Comment(text));
    }

    /// A blank line.
    pub(crate) fn gap(mut self) -> Self {
        self.items.push(Item::Gap);
        self
    }

    /// Whether nothing is in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

// === impl Block ===

impl Block {
    /// A block without labels.
    pub(crate) fn new(kind: &'static str, body: Body) -> Self {
        Self {
            kind,
            labels: Vec::new(),
            body,
        }
    }

    /// A block with labels.
    pub(crate) fn labelled(
        kind: &'static str,
        labels: impl IntoIterator<Item = impl Into<String>>,
        body: Body,
    ) -> Self {
        Self {
            kind,
            labels: labels.into_iter().map(Into::into).collect(),
            body,
        }
    }
}

/// Whether a name can stand without quotes.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
