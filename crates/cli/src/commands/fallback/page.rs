//! The pack as one page to print on A4: nothing is loaded from elsewhere, and nothing runs in it.

use std::fmt::Write as _;

use recovery::evidence::escape;
use types::{SiteName, Timestamp};

use super::{
    code128::Code128,
    pack::{LabelKind, LabelRange, Line, Pack, Transfer, Transfers, quantity},
};

const STYLE: &str = include_str!("page.css");

/// What stands on the first page beside the pack itself.
pub struct About<'a> {
    pub estate: &'a str,
    pub site: &'a SiteName,
    pub region: &'a str,
    pub generated: Timestamp,
    pub valid_until: Timestamp,
    /// Whether these labels were set aside for this pack alone.
    pub fresh_labels: bool,
}

/// The page.
pub fn html(about: &About<'_>, pack: &Pack) -> String {
    let title = format!("Fallback pack · {}", escape(about.site.as_str()));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    front(&mut page, about, pack);
    picks(&mut page, pack);
    transfers(&mut page, "Open deliveries", &pack.deliveries, "Loaded by");
    transfers(&mut page, "Receipts expected", &pack.receipts, "Received by");
    labels(&mut page, about, &pack.labels);
    page.push_str("</body>\n</html>\n");
    page
}

/// To the minute, which is what people read; the zone stands beside it.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

fn front(page: &mut String, about: &About<'_>, pack: &Pack) {
    let of = |shown: u64, count: u64| match shown == count {
        true => count.to_string(),
        false => format!("{shown} of {count}"),
    };
    let labels: usize = pack.labels.first().map_or(0, |range| range.labels.len());
    let facts = [
        ("Company", escape(&pack.company)),
        (
            "Warehouse",
            format!(
                "{} ({})",
                escape(&pack.warehouse.name),
                escape(&pack.warehouse.code)
            ),
        ),
        ("Generated", minute(about.generated)),
        ("Valid until", minute(about.valid_until)),
        ("Data of", minute(pack.read_at)),
        ("Read from", escape(about.region)),
        ("Transfers to pick", of(pack.picks.shown, pack.picks.count)),
        (
            "Open deliveries",
            of(pack.deliveries.shown, pack.deliveries.count),
        ),
        ("Receipts expected", of(pack.receipts.shown, pack.receipts.count)),
        ("Emergency labels", labels.to_string()),
    ];
    page.push_str("<header>\n<h1>Fallback pack</h1>\n");
    let _ = write!(
        page,
        "<p>{} · {}. For work on paper while the ERP is away. Do not use after the time it is valid until.</p>\n<dl>",
        escape(about.site.as_str()),
        escape(about.estate)
    );
    for (name, value) in facts {
        let _ = write!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    page.push_str("</dl>\n");
    if pack.standby {
        page.push_str(
            "<p class=\"warn\">Read from a standby: the work of the last moments before the loss may lack or be done already.</p>\n",
        );
    }
    page.push_str("</header>\n<h2>How to work with it</h2>\n<ol>\n\
        <li>Pick from the list, tick each line and write down what differs.</li>\n\
        <li>Take one emergency label for each package, and write its number beside the transfer. Never use a label twice.</li>\n\
        <li>Have the driver sign the delivery. Note the time.</li>\n\
        <li>When the ERP is back: enter what was done under these transfer and label numbers, then destroy the labels that are left.</li>\n\
        </ol>\n");
}

fn picks(page: &mut String, pack: &Pack) {
    page.push_str("<section class=\"section\">\n<h2>Pick list</h2>\n");
    if pack.picks.lines.is_empty() {
        page.push_str("<p class=\"empty\">Nothing is reserved.</p>\n</section>\n");
        return;
    }
    page.push_str(
        "<table class=\"picks\">\n<thead><tr><th scope=col>Place</th><th scope=col>Article</th><th scope=col>Name</th><th scope=col>Lot, package</th><th scope=col class=\"n\">Quantity</th>\
         <th scope=col>Transfer</th><th scope=col>✓</th><th scope=col>Picked</th></tr></thead>\n<tbody>\n",
    );
    for line in &pack.picks.lines {
        let marks: Vec<String> = line
            .lot
            .iter()
            .chain(&line.package)
            .map(|text| escape(text))
            .collect();
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{} {}</td><td>{}</td><td class=\"tick\">☐</td>\
             <td class=\"write\"></td></tr>",
            escape(&line.place),
            article(line.sku.as_deref(), line.gtin.as_deref()),
            escape(&line.name),
            marks.join(", "),
            quantity(line.quantity),
            escape(&line.unit),
            escape(&line.transfer)
        );
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
}

fn article(sku: Option<&str>, gtin: Option<&str>) -> String {
    let parts: Vec<String> = sku.iter().chain(&gtin).map(|text| escape(text)).collect();
    parts.join("<br>")
}

fn transfers(page: &mut String, title: &str, all: &Transfers, signed: &str) {
    let _ = write!(page, "<section class=\"section\">\n<h2>{title}</h2>\n");
    if all.transfers.is_empty() {
        page.push_str("<p class=\"empty\">None.</p>\n");
    }
    if all.shown < all.count {
        let more = all.count - all.shown;
        let _ = writeln!(
            page,
            "<p class=\"warn\">{more} more are not shown; the most urgent are.</p>"
        );
    }
    for one in &all.transfers {
        transfer(page, one, signed);
    }
    page.push_str("</section>\n");
}

fn transfer(page: &mut String, one: &Transfer, signed: &str) {
    let name = escape(&one.transfer);
    // What has no bar code is read by people.
    let code = Code128::text(&one.transfer).map_or_else(|_| String::new(), |code| code.svg(&name));
    let _ = write!(
        page,
        "<div class=\"transfer\"><div class=\"head\"><div><h3>{name}</h3>"
    );
    let about = [
        ("", &one.partner),
        ("Order ", &one.origin),
        ("Due ", &one.due),
        ("Carrier ", &one.carrier),
    ];
    for (word, value) in about {
        if let Some(value) = value {
            let _ = write!(page, "<p>{word}{}</p>", escape(value));
        }
    }
    let address: Vec<String> = one.address.iter().map(|line| escape(line)).collect();
    let _ = write!(page, "<p>{}</p></div>{code}</div>\n<table>", address.join("<br>"));
    page.push_str(
        "<thead><tr><th scope=col>Article</th><th scope=col>Name</th><th scope=col class=\"n\">Quantity</th><th scope=col>✓</th><th scope=col>Done</th></tr></thead>\n<tbody>\n",
    );
    for line in &one.lines {
        row(page, line);
    }
    let _ = writeln!(
        page,
        "</tbody></table><div class=\"sign\"><span>Labels used</span><span>{signed}</span><span>Date, time</span></div></div>"
    );
}

fn row(page: &mut String, line: &Line) {
    let _ = writeln!(
        page,
        "<tr><td>{}</td><td>{}</td><td class=\"n\">{} {}</td><td class=\"tick\">☐</td><td class=\"write\"></td></tr>",
        article(line.sku.as_deref(), line.gtin.as_deref()),
        escape(&line.name),
        quantity(line.quantity),
        escape(&line.unit)
    );
}

fn labels(page: &mut String, about: &About<'_>, ranges: &[LabelRange]) {
    page.push_str("<section class=\"section\">\n<h2>Emergency labels</h2>\n");
    let Some(range) = ranges.first() else {
        page.push_str("<p class=\"empty\">None are set aside: write the transfer's number on each package.</p>\n</section>\n");
        return;
    };
    let _ = writeln!(
        page,
        "<p>Set aside {} by {}: the ERP gives these numbers to nobody else.</p>",
        minute(range.reserved_at),
        escape(&range.reserved_by)
    );
    if !about.fresh_labels {
        page.push_str(
            "<p class=\"warn\">These labels may be in an earlier pack as well: destroy that one, or strike out what was used.</p>\n",
        );
    }
    page.push_str("<div class=\"labels\">\n");
    for label in &range.labels {
        let safe = escape(label);
        let code = match range.kind {
            LabelKind::Sscc => Code128::sscc(label).map(|code| code.svg(&format!("(00) {safe}"))),
            LabelKind::Package => Code128::text(label).map(|code| code.svg(&safe)),
        };
        let code = code.unwrap_or_else(|_| format!("<p>{safe}</p>"));
        let _ = writeln!(page, "<div class=\"label\">{code}</div>");
    }
    page.push_str("</div>\n</section>\n");
}
