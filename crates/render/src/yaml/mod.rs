//! YAML as Kubernetes manifests are written: maps keep the order in which they were built, text is quoted only where a
//! reader, of YAML 1.1 or 1.2, would take it for something else.
//!
//! A tree and a writer of our own, because ten thousand tenants are some fifty megabytes of manifests that must be
//! rendered within a second: `docs/reference/kubernetes.md` says what was measured.
//!
//! ```text
//! yaml!({
//!     apiVersion: "v1",
//!     kind: "Namespace",
//!     metadata: { name: (namespace.clone()), labels: (labels), annotations: (None::<Yaml>) },
//! })
//! ```

mod scalar;
mod write;

use std::borrow::Cow;

/// A node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// Not there: maps and lists leave it out.
    Absent,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(Cow<'static, str>),
    /// A list.
    List(Vec<Self>),
    /// A map, in the order in which it is written.
    Map(Vec<(Cow<'static, str>, Self)>),
}

/// A map with these entries, without those that are absent.
macro_rules! yaml {
    ({ $($key:tt : $value:tt),* $(,)? }) => {
        $crate::yaml::Yaml::map([$((yaml!(@key $key), yaml!($value))),*])
    };
    ([ $($value:tt),* $(,)? ]) => {
        $crate::yaml::Yaml::list([$(yaml!($value)),*])
    };
    (@key $key:ident) => { std::borrow::Cow::Borrowed(stringify!($key)) };
    (@key $key:literal) => { std::borrow::Cow::Borrowed($key) };
    (@key ($key:expr)) => { std::borrow::Cow::from($key) };
    ($value:tt) => { $crate::yaml::Yaml::from($value) };
}

pub(crate) use yaml;

// === impl Yaml ===

impl Yaml {
    /// A map without those entries that are absent.
    pub(crate) fn map(entries: impl IntoIterator<Item = (Cow<'static, str>, Self)>) -> Self {
        let entries = entries.into_iter();
        let mut map = Vec::with_capacity(entries.size_hint().0);
        map.extend(entries.filter(|(_, value)| *value != Self::Absent));
        Self::Map(map)
    }

    /// A list without those nodes that are absent.
    pub(crate) fn list(nodes: impl IntoIterator<Item = Self>) -> Self {
        Self::List(nodes.into_iter().filter(|node| *node != Self::Absent).collect())
    }

    /// A list, or nothing where it would be empty.
    pub(crate) fn list_if_any(nodes: impl IntoIterator<Item = Self>) -> Self {
        match Self::list(nodes) {
            Self::List(nodes) if nodes.is_empty() => Self::Absent,
            list => list,
        }
    }

    /// This map with further entries at its end. Anything else stays what it is.
    pub(crate) fn and(mut self, more: Self) -> Self {
        if let (Self::Map(entries), Self::Map(more)) = (&mut self, more) {
            entries.extend(more);
        }
        self
    }

    /// Appends the document to `text`, ending with a line break.
    pub(crate) fn write(&self, text: &mut String) {
        write::document(self, text);
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&'static str> for Yaml {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Yaml {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<Cow<'static, str>> for Yaml {
    fn from(value: Cow<'static, str>) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Yaml {
    fn from(values: Vec<T>) -> Self {
        Self::list(values.into_iter().map(Into::into))
    }
}

impl<T: Into<Self>> From<Option<T>> for Yaml {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl From<$kind> for Yaml {
            fn from(value: $kind) -> Self {
                Self::Integer(i64::from(value))
            }
        }
    )*};
}

integers!(u8 u16 u32 i32 i64);

impl From<u64> for Yaml {
    /// What does not fit is no number that a manifest could hold; it is written as text.
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::from(value.to_string()), Self::Integer)
    }
}
