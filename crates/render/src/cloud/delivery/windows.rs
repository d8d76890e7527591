//! When releases may begin, for `bin/may-release`.

use estate::WeeklyWindow;
use plan::cloud::blueprint::Blueprint;
use serde_json::{Value, json};

use crate::Error;

/// The document: calendars by name. An estate without one may release at any time, and this says so.
pub(super) fn document(blueprint: &Blueprint) -> Result<String, Error> {
    let calendars: serde_json::Map<String, Value> = blueprint
        .delivery
        .calendars
        .iter()
        .map(|(name, calendar)| {
            let freezes = calendar.freezes.iter().map(|freeze| {
                json!({ "from": freeze.from.to_string(), "to": freeze.to.to_string(), "why": freeze.why })
            });
            let calendar = json!({
                "timeZone": calendar.time_zone,
                "windows": calendar.windows.iter().map(|one| window(&one.window)).collect::<Vec<_>>(),
                "freezes": freezes.collect::<Vec<_>>(),
            });
            (name.to_string(), calendar)
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "calendars": calendars }));
    let json_error = |source| Error::Json {
        path: "delivery/windows.json".to_owned(),
        source,
    };
    Ok(text.map_err(json_error)? + "\n")
}

fn window(window: &WeeklyWindow) -> Value {
    let days: Vec<_> = window.days.iter().map(|day| day.as_str()).collect();
    json!({
        "days": days,
        "from": window.from.strftime("%H:%M").to_string(),
        "to": window.to.strftime("%H:%M").to_string(),
    })
}
