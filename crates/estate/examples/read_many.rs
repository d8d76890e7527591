//! How long reading an estate of many tenants takes: `cargo run --release -p plimsoll-estate --example read_many -- 10000`.

#![expect(clippy::print_stdout, reason = "a measurement is for people")]

use std::{fmt::Write as _, time::Instant};

use plimsoll_estate as estate;

/// Tenants in shared stamps, a fifth of them with an integration of their own.
fn text_of(tenants: usize) -> String {
    const IN_ONE_STAMP: usize = 50;
    let mut text = "\
apiVersion: plimsoll.dev/v1
kind: Estate
metadata: { name: many }
spec:
  organisation: { domain: erp.example.com, timeZone: Europe/Paris }
  regions:
    - { name: west, location: westeurope, role: active }
    - { name: north, location: northeurope, role: standby }
  tiers:
    - { name: standard, rto: 1h, rpo: 1m, failover: { authority: automatic } }
  capabilities:
    - { name: portal, tier: standard, probe: web-login }
  stamps:
"
    .to_owned();
    for stamp in 0..tenants.div_ceil(IN_ONE_STAMP) {
        let _ = writeln!(
            text,
            "    - {{ name: shared-{stamp}, tenancy: shared, region: west, database: {{ cores: 8 }} }}"
        );
    }
    text += "  tenants:\n";
    for tenant in 0..tenants {
        let _ = writeln!(
            text,
            "    - {{ name: tenant-{tenant}, stamp: shared-{}, timeZone: Europe/Madrid }}",
            tenant / IN_ONE_STAMP
        );
    }
    text += "  integrations:\n";
    for tenant in (0..tenants).step_by(5) {
        let _ = writeln!(
            text,
            "    - {{ name: shop-{tenant}, tenant: tenant-{tenant}, kind: order.create, idempotency: {{ header: Key }} }}"
        );
    }
    text
}

fn main() {
    let asked = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let text = text_of(asked.unwrap_or(10_000));
    for round in 1..=5 {
        let begun = Instant::now();
        let read = estate::read("many", &text);
        let took = begun.elapsed();
        match read {
            Ok(checked) => println!(
                "round {round}: {} bytes, {} tenants in {took:?}",
                text.len(),
                checked.estate.tenants.len()
            ),
            Err(found) => println!(
                "{}",
                estate::render_diagnostics("many", &text, &found[..found.len().min(3)], estate::Color::Never)
            ),
        }
    }
}
