//! A login in the browser survives the loss of the web process that served it.

use std::{fs, path::Path, process::Command, time::Duration};

use plimsoll_tests::{TestEstate, wait_for};
use rustix::process::{Pid, Signal, kill_process};

/// A browser with cookies, through the public address.
struct Browser<'a> {
    estate: &'a TestEstate,
    url: String,
    cookies: std::path::PathBuf,
}

impl Browser<'_> {
    /// Status, final address and text of a page.
    fn open(&self, path: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--location",
            "--max-time",
            "60",
            "--write-out",
            "\n%{http_code} %{url_effective}",
        ]);
        curl.arg("--cacert").arg(self.estate.layout().identity("cli").ca);
        curl.arg("--cookie")
            .arg(&self.cookies)
            .arg("--cookie-jar")
            .arg(&self.cookies);
        for (name, value) in form {
            curl.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        let output = curl.arg(format!("{}{path}", self.url)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (page, last) = text.rsplit_once('\n').unwrap();
        let (status, address) = last.split_once(' ').unwrap();
        (status.parse().unwrap(), address.to_owned(), page.to_owned())
    }

    fn is_logged_in(&self) -> bool {
        let (status, address, page) = self.open("/odoo", &[]);
        status == 200 && !address.contains("/web/login") && page.contains("o_web_client")
    }
}

#[test]
fn a_login_survives_the_loss_of_the_web_process() {
    let estate = TestEstate::up("login");
    let jar = tempfile::tempdir().unwrap();
    let url = estate.public_url();
    let browser = Browser {
        estate: &estate,
        url,
        cookies: jar.path().join("cookies"),
    };

    let (status, _, page) = browser.open("/web/login", &[]);
    assert_eq!(status, 200);
    let token = page
        .split("name=\"csrf_token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let password = fs::read_to_string(estate.layout().secret(types::host::secret::ODOO_ADMIN)).unwrap();
    browser.open(
        "/web/login",
        &[("login", "admin"), ("password", &password), ("csrf_token", token)],
    );
    assert!(browser.is_logged_in(), "the login was refused");
    assert!(Path::new(&browser.cookies).exists());

    let active = estate.active();
    let web = estate.wait_until_serving(&active, "odoo-web");
    kill_process(Pid::from_raw(i32::try_from(web).unwrap()).unwrap(), Signal::KILL).unwrap();
    wait_for("odoo-web to be started again", Duration::from_secs(120), || {
        estate.serving(&active, "odoo-web").filter(|pid| *pid != web)
    });
    estate.wait_until_protected();
    assert!(
        browser.is_logged_in(),
        "the loss of a web process logged somebody out"
    );
}
