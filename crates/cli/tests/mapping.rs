//! `plimsoll gateway map …` on the example's mapping and samples.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The example, copied so that a test may spoil it.
struct Example(tempfile::TempDir);

impl Example {
    fn new() -> Self {
        let example = Self(tempfile::tempdir().unwrap());
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings/acme-850");
        fs::create_dir(example.path("samples")).unwrap();
        fs::copy(from.join("acme-850.yaml"), example.path("acme-850.yaml")).unwrap();
        for entry in fs::read_dir(from.join("samples")).unwrap() {
            let name = entry.unwrap().file_name();
            let to = example.path("samples").join(&name);
            fs::copy(from.join("samples").join(&name), to).unwrap();
        }
        example
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Exit code, standard output, standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["gateway", "map"])
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    fn test(&self, more: &[&str]) -> (i32, String, String) {
        self.run(&[&["test", "acme-850.yaml", "samples"], more].concat())
    }
}

#[test]
fn the_example_becomes_what_is_expected() {
    let (code, shown, talk) = Example::new().test(&[]);
    let expected = "\
as expected       cancelled.edi
as expected       cases.edi
as expected       pallets.edi
";
    assert_eq!((code, shown.as_str(), talk.as_str()), (0, expected, ""));
}

#[test]
fn a_template_for_what_leaves_is_tried_out_the_same_way() {
    let example = Example::new();
    let carrier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings/carrier");
    let carrier = |name: &str| carrier.join(name).display().to_string();
    let (code, shown, talk) = example.run(&["test", &carrier("carrier.yaml"), &carrier("samples")]);
    assert_eq!(
        (code, shown.as_str(), talk.as_str()),
        (0, "as expected       shipment.json\n", "")
    );
    let label = "format: plimsoll-mapping/1\nname: label\nversion: 1\nfrom: { event: shipment.done }\nto: zpl\n\
        text: '^XA^FD{to}^FS^XZ'\nset: { to: /ship_to/name }\n";
    fs::write(example.path("label.yaml"), label).unwrap();
    let (code, shown, talk) = example.run(&["show", "label.yaml", &carrier("samples/shipment.json")]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, talk.as_str()), (0, ""));
    assert_eq!(shown[0]["message"], "^XA^FDExample Buyer^FS^XZ");
}

#[test]
fn scans_of_a_site_become_what_the_example_expects() {
    let scanner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mappings/scanner");
    let scanner = |name: &str| scanner.join(name).display().to_string();
    let (code, shown, talk) = Example::new().run(&["test", &scanner("scanner.yaml"), &scanner("samples")]);
    let names = [
        "count",
        "misread",
        "pack",
        "pick-of-pallets",
        "pick",
        "receive",
        "ship",
    ];
    let expected: String = names
        .map(|name| format!("as expected       {name}.json\n"))
        .concat();
    assert_eq!((code, shown.as_str(), talk.as_str()), (0, expected.as_str(), ""));
}

#[test]
fn a_mapping_that_takes_a_case_for_ten_pieces_is_found_out() {
    let example = Example::new();
    example.change("acme-850.yaml", "CA: 12", "CA: 10");
    let (code, shown, talk) = example.test(&[]);
    let expected = "\
as expected       cancelled.edi
differs           cases.edi
--- cases.edi.expected.json
+++ what it becomes
@@ -9,7 +9,7 @@
       \"lines\": [
         {
           \"line\": \"1\",
-          \"quantity\": 24,
+          \"quantity\": 20,
           \"sku\": \"PLS-0001\"
         },
         {
as expected       pallets.edi
";
    assert_eq!((code, shown.as_str()), (1, expected));
    assert!(
        talk.contains("PL0769") && talk.contains("1 of 3 samples"),
        "{talk}"
    );
    let (code, shown, _) = example.test(&["--output", "json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let quantity = |side: &str| shown[1][side][0]["payload"]["lines"][0]["quantity"].as_u64();
    assert_eq!(
        (code, quantity("expected"), quantity("becomes")),
        (1, Some(24), Some(20))
    );
    assert_eq!(
        (&shown[0]["found"], &shown[2]["found"]),
        (&"as-expected".into(), &"as-expected".into())
    );

    let (code, _, _) = example.test(&["--write"]);
    assert_eq!(
        (code, example.test(&[]).0),
        (0, 0),
        "what was written is expected"
    );
}

#[test]
fn samples_and_expectations_come_in_pairs() {
    let example = Example::new();
    fs::remove_file(example.path("samples/cases.edi.expected.json")).unwrap();
    fs::remove_file(example.path("samples/pallets.edi")).unwrap();
    let (code, shown, talk) = example.test(&[]);
    let expected = "\
as expected       cancelled.edi
nothing expected  cases.edi
no sample         pallets.edi
";
    assert_eq!((code, shown.as_str()), (1, expected));
    assert!(talk.contains("2 of 3 samples"), "{talk}");

    for entry in fs::read_dir(example.path("samples")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let (code, shown, talk) = example.test(&[]);
    assert_eq!((code, shown.as_str()), (1, ""));
    assert!(talk.contains("has no samples"), "{talk}");
}

#[test]
fn a_spoilt_interchange_becomes_what_its_dead_letter_would_say() {
    let example = Example::new();
    example.change("samples/cases.edi", "SE*7*0001~", "SE*8*0001~");
    let (code, shown, _) = example.run(&["show", "acme-850.yaml", "samples/cases.edi"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let why = shown[0]["refused"].as_str().unwrap();
    assert_eq!(code, 0);
    assert!(why.starts_with("PL0704"), "{why}");

    fs::write(example.path("samples/cases.edi"), "no interchange").unwrap();
    let (_, shown, _) = example.run(&["show", "acme-850.yaml", "samples/cases.edi"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown[0]["document"], "interchange");
}

#[test]
fn documents_in_json_are_tried_too() {
    let example = Example::new();
    fs::write(
        example.path("shop.yaml"),
        "format: plimsoll-mapping/1\nname: shop\nversion: 1\nfrom: { json: shop-order }\nto: order.cancel\n\
         set: { client_order_ref: /number, partner: { given: partner } }\n",
    )
    .unwrap();
    fs::write(
        example.path("samples/one.json"),
        r#"{ "number": "PO-EXAMPLE-1" }"#,
    )
    .unwrap();
    let (code, shown, _) = example.run(&["show", "shop.yaml", "samples/one.json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (code, &shown[0]["document"], &shown[0]["payload"]),
        (
            0,
            &"JSON shop-order".into(),
            &serde_json::json!({ "client_order_ref": "PO-EXAMPLE-1", "partner": "ACME" })
        )
    );
}

#[test]
fn what_is_no_mapping_is_told_with_its_code() {
    let example = Example::new();
    example.change("acme-850.yaml", "to: order.create", "to: order.make");
    let (code, shown, talk) = example.test(&[]);
    assert_eq!((code, shown.as_str()), (1, ""));
    assert!(talk.contains("error[PL0760]: acme-850.yaml"), "{talk}");
    let (code, _, talk) = example.run(&["test", "none.yaml", "samples"]);
    assert_eq!(code, 2, "{talk}");
}
