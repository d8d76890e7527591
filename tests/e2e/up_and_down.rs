//! `up` is idempotent, `down` stops everything it started and nothing else, data stays, `destroy` removes it.

use plimsoll_tests::TestEstate;

#[test]
fn an_estate_goes_down_and_comes_back_with_its_data() {
    let estate = TestEstate::up("updown");
    let active = estate.active();
    estate.sql(&active, "CREATE TABLE kept AS SELECT 42 AS answer");
    let before = estate.processes();

    let again = estate.run_up();
    assert_eq!(again.code, 0, "{}", again.stderr);
    let started_again: Vec<_> = estate
        .processes()
        .into_iter()
        .filter(|one| !before.contains(one))
        .collect();
    let ours = |one: &&(u32, String)| one.1.contains("plimsoll") && !one.1.contains("postgres");
    assert_eq!(
        started_again.iter().filter(ours).collect::<Vec<_>>(),
        Vec::<&(u32, String)>::new(),
        "`up` is not idempotent"
    );

    let bystander = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let down = estate.plimsoll(&["down"]);
    assert_eq!(down.code, 0, "{}", down.stderr);
    assert_eq!(estate.processes(), vec![], "`down` left processes behind");
    let mut bystander = bystander;
    assert_eq!(
        bystander.try_wait().unwrap(),
        None,
        "`down` stopped what it had not started"
    );
    bystander.kill().unwrap();
    bystander.wait().unwrap();

    let up = estate.run_up();
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(estate.sql(&estate.active(), "SELECT answer FROM kept"), "42");
    assert_eq!(estate.active(), active, "an orderly stop and start moves nothing");
}
