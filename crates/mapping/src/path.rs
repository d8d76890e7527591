//! Where in a document a value is.
//!
//! | path | what it finds |
//! | --- | --- |
//! | `BEG.3` | element 3 of the first BEG |
//! | `DTM.1:2` | component 2 of element 1 |
//! | `N1[1=ST].4` | element 4 of the first N1 whose element 1 is ST; `[1=ST\|DP]` takes either, several brackets must all hold |
//! | `PO1.6~VP\|SK` | pairs from element 6 on: the code behind the qualifier VP, else SK. In EDIFACT the pair is one composite |
//! | `/order/number` | a JSON pointer |
//! | `^BEG.3` | from the whole document instead of the line at hand |

use crate::source::{Segment, Shape};

/// The longest path that is worth reading.
const LENGTH_MAX: usize = 200;

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Begins at the whole document.
    pub from_root: bool,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Pointer(String),
    Segment(SegmentPath),
}

/// A segment, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentPath {
    pub tag: String,
    pub filters: Vec<Filter>,
    pub what: What,
}

/// A condition on a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    element: usize,
    component: usize,
    values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing of it: where it is.
    Itself,
    Element {
        element: usize,
        component: usize,
    },
    Pairs {
        from: usize,
        qualifiers: Vec<String>,
    },
}

impl Path {
    /// Reads a path; says what it stumbled over.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err("is too long".to_owned());
        }
        let (from_root, rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
        let place = if rest.starts_with('/') {
            Place::Pointer(rest.to_owned())
        } else {
            Place::Segment(segment_path(rest)?)
        };
        Ok(Self { from_root, place })
    }
}

fn segment_path(text: &str) -> Result<SegmentPath, String> {
    let end = text.find(['[', '.']).unwrap_or(text.len());
    let (tag, mut rest) = text.split_at(end);
    let tag_ok = (2..=3).contains(&tag.len())
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !tag_ok {
        return Err("does not begin with a segment's tag or a `/`".to_owned());
    }
    let mut filters = Vec::new();
    while let Some(inside) = rest.strip_prefix('[') {
        let (condition, behind) = inside.split_once(']').ok_or("has a `[` without `]`")?;
        let (place, values) = condition.split_once('=').ok_or("has a condition without `=`")?;
        let (element, component) = element(place)?;
        filters.push(Filter {
            element,
            component,
            values: values.split('|').map(ToOwned::to_owned).collect(),
        });
        rest = behind;
    }
    let what = match rest.strip_prefix('.') {
        None if rest.is_empty() => What::Itself,
        None => return Err("has something behind the tag that is neither `[` nor `.`".to_owned()),
        Some(inside) => match inside.split_once('~') {
            None => {
                let (element, component) = element(inside)?;
                What::Element { element, component }
            }
            Some((from, qualifiers)) => What::Pairs {
                from: element(from)?.0,
                qualifiers: qualifiers.split('|').map(ToOwned::to_owned).collect(),
            },
        },
    };
    Ok(SegmentPath {
        tag: tag.to_owned(),
        filters,
        what,
    })
}

/// `2` or `2:1`, counted from one.
fn element(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| match text.parse::<usize>() {
        Ok(number @ 1..=99) => Ok(number),
        Ok(_) | Err(_) => Err("has an element or component that is no number from 1 to 99".to_owned()),
    };
    match text.split_once(':') {
        Some((element, component)) => Ok((number(element)?, number(component)?)),
        None => Ok((number(text)?, 1)),
    }
}

impl SegmentPath {
    /// Whether a segment is meant.
    pub fn takes(&self, segment: &Segment) -> bool {
        segment.tag == self.tag
            && self.filters.iter().all(|filter| {
                let value = segment.text(filter.element, filter.component);
                filter.values.iter().any(|wanted| wanted == value)
            })
    }

    /// What of a segment is meant; nothing when it is empty.
    pub fn of<'s>(&self, segment: &'s Segment, shape: Shape) -> Option<&'s str> {
        let text = match &self.what {
            What::Itself => "",
            What::Element { element, component } => segment.text(*element, *component),
            What::Pairs { from, qualifiers } => pair(segment, *from, qualifiers, shape),
        };
        (!text.is_empty()).then_some(text)
    }
}

fn pair<'s>(segment: &'s Segment, from: usize, qualifiers: &[String], shape: Shape) -> &'s str {
    let last = segment.elements.len();
    for qualifier in qualifiers {
        let found = match shape {
            Shape::X12 => (from..=last)
                .step_by(2)
                .find(|place| segment.text(*place, 1) == qualifier)
                .map(|place| segment.text(place + 1, 1)),
            Shape::Edifact => (from..=last)
                .find(|place| segment.text(*place, 2) == qualifier)
                .map(|place| segment.text(place, 1)),
        };
        if let Some(text) = found.filter(|text| !text.is_empty()) {
            return text;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> Segment {
        let (tag, rest) = text.split_once('*').unwrap();
        let elements = rest
            .split('*')
            .map(|element| element.split(':').map(ToOwned::to_owned).collect());
        Segment {
            tag: tag.to_owned(),
            position: 1,
            elements: elements.collect(),
        }
    }

    #[test]
    fn paths_find_what_they_say() {
        let po1 = segment("PO1*1*3*EA*12.50**BP*B-1*VP*S-1");
        let lin = segment("LIN*1**4000001234561:EN");
        for (path, segment, shape, expected) in [
            ("PO1.2", &po1, Shape::X12, Some("3")),
            ("PO1.5", &po1, Shape::X12, None),
            ("PO1[3=CA|EA].4", &po1, Shape::X12, Some("12.50")),
            ("PO1.6~SK|VP", &po1, Shape::X12, Some("S-1")),
            ("PO1.6~UP", &po1, Shape::X12, None),
            ("LIN.3:2", &lin, Shape::Edifact, Some("EN")),
            ("LIN.3~EN", &lin, Shape::Edifact, Some("4000001234561")),
        ] {
            let Path {
                place: Place::Segment(parsed),
                ..
            } = Path::parse(path).unwrap()
            else {
                panic!("{path}")
            };
            assert!(parsed.takes(segment), "{path}");
            assert_eq!(parsed.of(segment, shape), expected, "{path}");
        }
        for bad in [
            "",
            "b.1",
            "BEG.0",
            "BEG.x",
            "BEG[1].2",
            "BEG[1=A.2",
            "BEG3.",
            "BEG.1:0",
            "BEGIN.1",
        ] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
