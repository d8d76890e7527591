//! The same as tables for a spreadsheet (RFC 4180), to enter from later.

use super::pack::{Pack, Transfers, quantity};

/// File names with their content.
pub fn files(pack: &Pack) -> Vec<(&'static str, String)> {
    vec![
        ("picks.csv", picks(pack)),
        ("deliveries.csv", transfers(&pack.deliveries)),
        ("receipts.csv", transfers(&pack.receipts)),
        ("labels.csv", labels(pack)),
    ]
}

fn picks(pack: &Pack) -> String {
    let header = [
        "place", "sku", "gtin", "name", "lot", "package", "quantity", "unit", "transfer",
    ];
    let rows = pack.picks.lines.iter().map(|line| {
        [
            line.place.as_str(),
            or_empty(&line.sku),
            or_empty(&line.gtin),
            &line.name,
            or_empty(&line.lot),
            or_empty(&line.package),
            &quantity(line.quantity),
            &line.unit,
            &line.transfer,
        ]
        .map(field)
    });
    table(&header, rows)
}

fn transfers(all: &Transfers) -> String {
    let header = [
        "transfer", "origin", "state", "due", "partner", "carrier", "sku", "gtin", "name", "quantity", "unit",
    ];
    let rows = all.transfers.iter().flat_map(|one| {
        one.lines.iter().map(move |line| {
            [
                one.transfer.as_str(),
                or_empty(&one.origin),
                &one.state,
                or_empty(&one.due),
                or_empty(&one.partner),
                or_empty(&one.carrier),
                or_empty(&line.sku),
                or_empty(&line.gtin),
                &line.name,
                &quantity(line.quantity),
                &line.unit,
            ]
            .map(field)
        })
    });
    table(&header, rows)
}

fn labels(pack: &Pack) -> String {
    let ranges = pack.labels.iter();
    let rows = ranges.flat_map(|range| {
        let reserved = range.reserved_at.to_string();
        range
            .labels
            .iter()
            .map(move |label| [field(label), field(&reserved)])
    });
    table(&["label", "reserved_at"], rows)
}

fn or_empty(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = header.join(",") + "\r\n";
    for row in rows {
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe in front: names of products and
/// partners come from outside.
fn field(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    if text.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_are_no_formulas() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("-5", "\"'-5\""),
            ("", ""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
