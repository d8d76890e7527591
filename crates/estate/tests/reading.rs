use plimsoll_estate as estate;

#[test]
fn show() {
    let text = std::fs::read_to_string("../../examples/estates/invalid/many-mistakes.yaml").unwrap();
    let found = estate::read("many-mistakes.yaml", &text).unwrap_err();
    println!(
        "{}",
        estate::render_diagnostics("many-mistakes.yaml", &text, &found, estate::Color::Never)
    );
    let text = std::fs::read_to_string("../../examples/estates/two-warehouse-distributor.yaml").unwrap();
    println!("{:#?}", estate::read("x.yaml", &text));
}
