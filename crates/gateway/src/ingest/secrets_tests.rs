//! The file as partners' administrators leave it: changed, half written, emptied, gone, and well again.

use axum::http::{HeaderMap, HeaderValue, header};
use types::IntegrationName;

use super::*;

struct File {
    settings: IntegrationSettings,
    secrets: Secrets,
    _directory: tempfile::TempDir,
}

impl File {
    fn with(content: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, content).unwrap();
        let settings: IntegrationSettings = serde_json::from_value(serde_json::json!({
            "name": IntegrationName::new("acme").unwrap(), "secret_file": path, "idempotency": { "header": "K" },
            "kind": "order.create", "body_max": "1MiB", "concurrency": 1,
            "lane": {
                "retry": { "first": "1s", "longest": "1s", "give_up": "1s" }, "outage": "1s",
                "criticality": "critical",
            },
        }))
        .unwrap();
        Self {
            secrets: Secrets::open(&settings).unwrap(),
            settings,
            _directory: directory,
        }
    }

    fn write(&self, content: &str) {
        std::fs::write(&self.settings.secret_file, content).unwrap();
    }

    fn look(&self) -> Look {
        self.secrets.look(&self.settings)
    }

    fn lets_in(&self, token: &str) -> bool {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        self.secrets.proof().check_head(&headers).is_ok()
    }

    fn trouble(&self) -> String {
        self.secrets.status().trouble.unwrap_or_default()
    }
}

#[test]
fn old_and_new_hold_together_and_then_the_new_one_alone() {
    let file = File::with("old\n");
    let first = file.secrets.version();
    assert!(file.lets_in("old") && !file.lets_in("new"));
    assert_eq!(file.look(), Look::Same);
    file.write("old\nnew\n");
    assert_eq!(
        file.look(),
        Look::Same,
        "once is not enough: it may be half written"
    );
    assert!(!file.lets_in("new"));
    assert_eq!(file.look(), Look::Changed);
    assert!(file.lets_in("old") && file.lets_in("new"));
    assert_eq!(file.secrets.status().secrets, 2);
    file.write("new\n");
    assert_eq!(
        (file.look(), file.look(), file.look()),
        (Look::Same, Look::Changed, Look::Same)
    );
    assert!(!file.lets_in("old") && file.lets_in("new"));
    assert_eq!(file.secrets.version(), first + 2);
}

#[test]
fn what_is_still_written_never_counts() {
    let file = File::with("old\n");
    for half in ["old\nn", "old\nne", "old\nnew", "old\nnew\n"] {
        file.write(half);
        assert_eq!(file.look(), Look::Same, "{half:?}");
    }
    assert!(!file.lets_in("n") && file.lets_in("old"));
    assert_eq!(file.look(), Look::Changed);
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_is_told_once() {
    let file = File::with("old\n");
    file.write("");
    assert_eq!(
        (file.look(), file.look(), file.look()),
        (Look::Same, Look::Trouble, Look::Same)
    );
    assert!(
        file.trouble().starts_with("PL0785: its secret is empty"),
        "{}",
        file.trouble()
    );
    std::fs::remove_file(&file.settings.secret_file).unwrap();
    assert_eq!((file.look(), file.look()), (Look::Trouble, Look::Same));
    file.write(&"x".repeat(70 << 10));
    assert_eq!((file.look(), file.look()), (Look::Trouble, Look::Same));
    assert!(file.trouble().contains("larger than"), "{}", file.trouble());
    assert!(file.lets_in("old"));
    file.write("old\n");
    assert_eq!((file.look(), file.trouble()), (Look::Well, String::new()));
    assert_eq!(file.secrets.version(), 0, "the same secrets hold as ever");
}
