//! From an EDIFACT interchange.

use super::{Delimiters, Document, ELEMENTS_MAX, Element, Error, Format, Segment, check_nothing_follows};
use crate::{
    edifact::{self, ServiceStringAdvice},
    limits::Limits,
    text::Encoding,
    words::Standard,
};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Error> {
    let source = edifact::Source::of(bytes)?;
    let profile = edifact::Profile {
        limits: *limits,
        ..edifact::Profile::everything()
    };
    let interchange = edifact::read(&source, &profile)?;
    let is_limit = |fault: &edifact::InterchangeFault| matches!(fault, edifact::InterchangeFault::Limit(_));
    if interchange.faults.iter().any(|found| is_limit(&found.fault)) {
        return Err(Error::Limit);
    }
    let (text, advice, encoding) = (source.text(), interchange.service_characters(), source.encoding());
    let ends = interchange
        .places
        .last()
        .is_some_and(|place| &place.tag == b"UNZ");
    if ends {
        check_nothing_follows(bytes, source.bytes_of(interchange.text().len()))?;
    } else if interchange.text().len() < text.len() {
        return Err(Error::MoreFollows {
            at: source.bytes_of(interchange.text().len()),
        });
    }
    let delimiters = delimiters_of(advice);
    let mut document = Document {
        format: Format::One,
        standard: Standard::Edifact,
        encoding,
        delimiters,
        before: Encoding::Latin1.decode(source.before()).into_owned(),
        line_end: String::new(),
        segments: Vec::new(),
        tail: String::new(),
    };
    if encoding == Encoding::Utf8 {
        document.before = Encoding::of(source.before()).decode(source.before()).into_owned();
    }
    let mut end = 0;
    if text.starts_with("UNA") {
        end = 9.min(text.len());
        let raw = Some(text[..end].to_owned());
        document.segments.push(Segment {
            tag: "UNA".to_owned(),
            elements: Vec::new(),
            raw,
            after: None,
        });
    }
    let mut count = 0_usize;
    for (index, place) in interchange.places.iter().enumerate() {
        let (from, to) = (place.start as usize, place.end as usize);
        if let Some(before) = document.segments.last_mut() {
            before.after = Some(text.get(end..from).unwrap_or_default().to_owned());
        }
        end = to;
        let raw = text.get(from..to).unwrap_or_default();
        let mut segment = match interchange.segment(index) {
            Some(segment) => edifact_segment(&segment),
            None => Segment {
                tag: String::new(),
                elements: Vec::new(),
                raw: None,
                after: None,
            },
        };
        count += segment.elements.iter().map(Element::count).sum::<usize>();
        if count > ELEMENTS_MAX {
            return Err(Error::Limit);
        }
        let mut written = String::new();
        segment.write(&mut written, &delimiters, Standard::Edifact);
        if written != raw {
            segment.raw = Some(raw.to_owned());
        }
        document.segments.push(segment);
    }
    let rest = text.get(end..).unwrap_or_default().to_owned();
    match document.segments.last_mut() {
        Some(last) if ends => last.after = Some(rest),
        Some(_) | None => document.tail = rest,
    }
    document.settle_line_end();
    Ok(document)
}

fn delimiters_of(advice: ServiceStringAdvice) -> Delimiters {
    Delimiters {
        element: char::from(advice.element_sep),
        component: char::from(advice.component_sep),
        repetition: advice
            .is_repetition_active()
            .then_some(char::from(advice.repetition_sep)),
        release: Some(char::from(advice.release_char)),
        terminator: char::from(advice.segment_term),
    }
}

fn edifact_segment(segment: &edifact::Segment<'_>) -> Segment {
    let elements = segment.elements.iter().map(|element| {
        let repetitions = element.repetitions();
        let texts =
            repetitions.map(|components| components.iter().map(|(text, _)| text.to_string()).collect());
        Element::of(texts.collect())
    });
    Segment {
        tag: segment.tag().to_owned(),
        elements: elements.collect(),
        raw: None,
        after: None,
    }
}
