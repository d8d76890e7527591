use std::path::Path;

use super::*;

fn example() -> Pack {
    serde_json::from_value(json!({
        "company": "Example Distribution",
        "warehouse": { "code": "NORTH", "name": "Example Warehouse <North>" },
        "read_at": "2026-11-21T10:00:00Z",
        "standby": true,
        "picks": { "shown": 1, "count": 1, "lines": [{
            "transfer": "NORTH/OUT/00042", "place": "NORTH/Stock/A-01", "sku": "PLS-0001", "gtin": "4006381333931",
            "name": "Example & Sons bolt", "lot": null, "package": "PACK0000007", "quantity": 3.0, "unit": "Units",
        }] },
        "deliveries": { "shown": 1, "count": 3, "transfers": [{
            "transfer": "NORTH/OUT/00042", "origin": "S00021", "state": "assigned", "due": "2026-11-21",
            "partner": "Example Buyer", "address": ["Example Street 1", "12345 Example"], "carrier": null,
            "lines": [{ "sku": "PLS-0001", "gtin": null, "name": "Example bolt", "quantity": 2.5, "unit": "kg" }],
        }] },
        "receipts": { "shown": 0, "count": 0, "transfers": [] },
        "labels": [{
            "kind": "sscc", "labels": ["006141412345678902"], "reserved_at": "2026-11-21T08:00:00Z",
            "reserved_by": "example",
        }],
    }))
    .unwrap()
}

fn about(site: &SiteName) -> About<'_> {
    About {
        estate: "example",
        site,
        region: "northeurope",
        generated: Timestamp::from_micros(1_795_255_260_000_000),
        valid_until: Timestamp::from_micros(1_795_298_460_000_000),
        fresh_labels: false,
    }
}

/// Compares with a golden file; `BLESS=1` writes it anew.
fn golden(name: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/fallback")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
    }
    assert_eq!(
        content,
        std::fs::read_to_string(&path).unwrap_or_default(),
        "{name}: BLESS=1 writes it anew"
    );
}

#[test]
fn a_pack_that_broke_off_is_due_again() {
    let site = SiteName::new("warehouse-north").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join(PAGE);
    // Nothing can be renamed over it.
    std::fs::create_dir_all(page.join("somebody's")).unwrap();
    assert!(write(directory.path(), &about(&site), &example()).is_err());
    assert_eq!(due::made_at(directory.path()), None);
    std::fs::remove_dir_all(&page).unwrap();
    write(directory.path(), &about(&site), &example()).unwrap();
    assert_eq!(due::made_at(directory.path()), Some(about(&site).generated));
}

#[test]
fn a_pack_is_written_as_agreed() {
    let site = SiteName::new("warehouse-north").unwrap();
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &about(&site), &example()).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "deliveries.csv",
            "labels.csv",
            "pack.html",
            "pack.json",
            "picks.csv",
            "receipts.csv"
        ]
    );
    for name in names {
        golden(
            &name,
            &std::fs::read_to_string(directory.path().join(&name)).unwrap(),
        );
    }
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let site = SiteName::new("warehouse-north").unwrap();
    let page = page::html(&about(&site), &example());
    for loaded in ["<script", "src=", "url(", "@import", "<link"] {
        assert!(!page.contains(loaded), "{loaded}");
    }
    assert!(page.contains("Example Warehouse &lt;North&gt;"));
    assert!(page.contains("2 more are not shown"));
    assert!(page.contains("(00) 006141412345678902"));
}

#[test]
fn a_site_finds_its_warehouse_by_name() {
    let known: Vec<Warehouse> = [("NORTH", "North"), ("SOUTH", "South")]
        .map(|(code, name)| Warehouse {
            code: code.to_owned(),
            name: name.to_owned(),
        })
        .into();
    let site = |name: &str| SiteName::new(name).unwrap();
    assert_eq!(choose(&known, &site("warehouse-north"), None).unwrap(), "NORTH");
    assert_eq!(choose(&known, &site("south"), None).unwrap(), "SOUTH");
    assert_eq!(choose(&known, &site("dock"), Some("SOUTH")).unwrap(), "SOUTH");
    for (name, named) in [("dock", None), ("north-south", None), ("north", Some("WEST"))] {
        assert_eq!(choose(&known, &site(name), named).unwrap_err().code, "PL0443");
    }
}
