//! From an X12 interchange.

use super::{Delimiters, Document, ELEMENTS_MAX, Element, Error, Format, Segment, check_nothing_follows};
use crate::{limits::Limits, text::Encoding, words::Standard, x12};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Error> {
    let tokens = x12::Tokens::read(bytes, limits)?;
    let whole = match tokens.stopped() {
        Some(x12::Stopped::Limit(_)) => return Err(Error::Limit),
        Some(x12::Stopped::AnotherHeader) => {
            return Err(Error::MoreFollows {
                at: tokens.range().end,
            });
        }
        Some(x12::Stopped::EndOfFile) => None,
        None => Some(tokens.range().end),
    };
    if let Some(end) = whole {
        check_nothing_follows(bytes, end)?;
    }
    let encoding = Encoding::of(bytes);
    let text = |range: std::ops::Range<usize>| encoding.decode(&bytes[range]).into_owned();
    let delimiters = tokens.delimiters();
    let mut document = Document {
        format: Format::One,
        standard: Standard::X12,
        encoding,
        delimiters: Delimiters {
            element: char::from(delimiters.element),
            component: char::from(delimiters.component),
            repetition: delimiters.repetition.map(char::from),
            release: None,
            terminator: char::from(delimiters.terminator),
        },
        before: text(0..tokens.range().start),
        line_end: String::new(),
        segments: Vec::new(),
        tail: String::new(),
    };
    let mut count = 0_usize;
    let mut end = tokens.range().start;
    for (index, segment) in tokens.segments().enumerate() {
        let place = tokens.place(index).unwrap_or(end..end);
        if let Some(before) = document.segments.last_mut() {
            before.after = Some(text(end..place.start));
        }
        end = place.end + 1;
        let elements: Vec<Element> = segment
            .elements()
            .map(|element| match index {
                // The ISA contains the delimiters themselves.
                0 => Element::Simple(encoding.decode(element).into_owned()),
                _ => x12_element(segment, element, encoding),
            })
            .collect();
        count += elements.iter().map(Element::count).sum::<usize>();
        if count > ELEMENTS_MAX {
            return Err(Error::Limit);
        }
        let tag = encoding.decode(segment.tag()).into_owned();
        document.segments.push(Segment {
            tag,
            elements,
            raw: None,
            after: None,
        });
    }
    let rest = text(end.min(bytes.len())..bytes.len());
    match document.segments.last_mut() {
        Some(last) if whole.is_some() => last.after = Some(rest),
        Some(_) | None => document.tail = rest,
    }
    document.settle_line_end();
    Ok(document)
}

fn x12_element(segment: x12::Segment<'_>, element: &[u8], encoding: Encoding) -> Element {
    let repetitions: Vec<Vec<String>> = segment
        .repetitions_of(element)
        .map(|repetition| {
            let components = segment.components_of(repetition);
            components
                .map(|component| encoding.decode(component).into_owned())
                .collect()
        })
        .collect();
    Element::of(repetitions)
}
