//! Segments on their way out: plain text, not yet punctuated.

/// A segment to be written, in either standard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Its tag.
    pub tag: String,
    /// Its elements, each with its components. Empty ones at the end are left out when it is written.
    pub elements: Vec<Vec<String>>,
}

impl Segment {
    /// A segment of simple elements.
    pub fn of<const N: usize>(tag: &str, elements: [&str; N]) -> Self {
        Self {
            tag: tag.to_owned(),
            elements: elements.iter().map(|text| vec![(*text).to_owned()]).collect(),
        }
    }

    /// With one more simple element.
    #[must_use]
    pub fn with(mut self, text: impl Into<String>) -> Self {
        self.elements.push(vec![text.into()]);
        self
    }

    /// With one more element of several components.
    #[must_use]
    pub fn with_components<const N: usize>(mut self, components: [&str; N]) -> Self {
        self.elements
            .push(components.iter().map(|text| (*text).to_owned()).collect());
        self
    }

    /// All its texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().flatten().map(String::as_str)
    }

    /// The elements up to the last one that is not empty, each up to its last component that is not empty.
    pub(crate) fn trimmed(&self) -> impl Iterator<Item = &[String]> {
        let is_empty = |components: &[String]| components.iter().all(String::is_empty);
        let length = self
            .elements
            .iter()
            .rposition(|element| !is_empty(element))
            .map_or(0, |last| last + 1);
        self.elements[..length].iter().map(|element| {
            let last = element.iter().rposition(|text| !text.is_empty());
            &element[..last.map_or(0, |last| last + 1)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_at_the_end_is_left_out() {
        let segment = Segment::of("N1", ["ST", ""])
            .with_components(["a", "", "b", ""])
            .with("")
            .with("");
        let trimmed: Vec<&[String]> = segment.trimmed().collect();
        assert_eq!(
            trimmed,
            [
                &["ST".to_owned()][..],
                &[],
                &["a".to_owned(), String::new(), "b".to_owned()]
            ]
        );
    }
}
