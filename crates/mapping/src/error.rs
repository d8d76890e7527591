//! Why a document leads to no command: what, where in the document, for which key of the command.

use serde::Serialize;

use crate::code::Code;

/// Why a document leads to no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message} (at {place}{})", self.for_key())]
pub struct MapError {
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where in the document: the path of the mapping, with the segment's position where there is one.
    pub place: String,
    /// For which key of the command.
    pub key: String,
}

impl MapError {
    /// Of a document as a whole no key is at fault.
    fn for_key(&self) -> String {
        if self.key.is_empty() {
            String::new()
        } else {
            format!(", for `{}`", self.key)
        }
    }

    pub(crate) fn new(
        code: Code,
        key: impl Into<String>,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            place: place.into(),
            key: key.into(),
        }
    }
}

impl Serialize for MapError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut one = serializer.serialize_struct("MapError", 5)?;
        one.serialize_field("code", self.code.as_str())?;
        one.serialize_field("message", &self.message)?;
        one.serialize_field("place", &self.place)?;
        one.serialize_field("key", &self.key)?;
        one.serialize_field("hint", self.code.hint())?;
        one.end()
    }
}
