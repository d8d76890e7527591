//! `pg_hba.conf`: who may connect. What no line allows is refused.

use std::fmt::Write as _;

use plan::HbaRule;

pub(crate) fn render(rules: &[HbaRule]) -> String {
    let mut text = String::from(
        "# Rendered by Plimsoll. Changes are overwritten.\n\
         # Passwords on the Unix socket too: Odoo runs as the same user of the operating system as the database, so\n\
         # `peer` would make every program of the estate a superuser.\n\
         # TYPE    DATABASE  USER  ADDRESS  METHOD\n",
    );
    for rule in rules {
        let _ = match rule {
            HbaRule::Socket { databases, role } => {
                writeln!(text, "local {} {} scram-sha-256", names(databases), quote(role))
            }
            HbaRule::Tls {
                from,
                databases,
                role,
            } => {
                writeln!(
                    text,
                    "hostssl {} {} {from}/32 scram-sha-256",
                    names(databases),
                    quote(role)
                )
            }
        };
    }
    text.push_str("local all all reject\nhost all all all reject\n");
    text
}

fn names(databases: &[String]) -> String {
    if databases.is_empty() {
        return "all".to_owned();
    }
    databases
        .iter()
        .map(|name| quote(name))
        .collect::<Vec<_>>()
        .join(",")
}

/// Quoted names lose their special meaning, which `replication` must keep. Names of databases and roles were checked:
/// letters, digits, `_` and `-`.
fn quote(name: &str) -> String {
    if name == "replication" {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}
