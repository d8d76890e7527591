//! YAML files of any number of documents.

use regorus::Value;
use serde_saphyr::{Spanned, options::DuplicateKeyPolicy};

use super::{Document, Unreadable, structured};

/// Files are ours and may hold thousands of tenants; these numbers only stop what never ends.
const DOCUMENTS_MAX: usize = 1_000_000;
const NODES_MAX: usize = 100_000_000;
const TEXT_BYTES_MAX: usize = 1 << 30;
/// Kubernetes schemas nest about 20 deep, dashboards a little more.
const DEPTH_MAX: usize = 64;

pub(super) fn read(path: &str, text: &str) -> Result<Vec<Document>, Unreadable> {
    Ok(parse(text)?
        .into_iter()
        .flat_map(|document| structured(path, line(document.referenced.line()), document.value))
        .collect())
}

/// The values of all documents; empty ones are left out.
pub(crate) fn values(text: &str) -> Result<Vec<Value>, Unreadable> {
    Ok(parse(text)?.into_iter().map(|document| document.value).collect())
}

fn parse(text: &str) -> Result<Vec<Spanned<Value>>, Unreadable> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_documents: DOCUMENTS_MAX,
            max_nodes: NODES_MAX,
            max_events: NODES_MAX,
            max_total_scalar_bytes: TEXT_BYTES_MAX,
        },
        // A key that is there twice is read differently by different programs.
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options::<Spanned<Value>>(text, options).map_err(|error| Unreadable {
        line: error.location().map_or(1, |place| line(place.line())),
        message: format!("this is not YAML: {}", first_line(&error.to_string())),
    })
}

fn line(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX).max(1)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
