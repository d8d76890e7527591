//! How long a gateway keeps messages.

use std::collections::BTreeMap;

use types::{IntegrationName, Span, settings::RetentionSettings};

/// Half a year: whoever sends an older document again does so on purpose. A key costs about 45 bytes of memory, and 44 on
/// disk.
const KEYS: Span = Span::from_days(180);
/// Segments go by age, in days: to look more often gains nothing.
const EVERY: Span = Span::from_minutes(1);

/// What a gateway is told: `messages` for what belongs to no integration, and each integration's own.
pub fn journal_retention(
    messages: Span,
    lanes: impl IntoIterator<Item = (IntegrationName, Span)>,
) -> RetentionSettings {
    let lanes: BTreeMap<_, _> = lanes.into_iter().collect();
    let messages = lanes.values().copied().fold(messages, Span::max);
    RetentionSettings {
        messages,
        lanes,
        keys: KEYS.max(messages),
        every: EVERY,
    }
}
