//! `redis.conf` of a session store.

use std::{
    fmt::{Display, Write as _},
    path::Path,
};

use plan::Redis;

use crate::Error;

struct Conf<'p> {
    path: &'p str,
    text: String,
}

impl Conf<'_> {
    fn why(&mut self, reason: &str) {
        let _ = writeln!(self.text, "# {reason}");
    }

    /// Words of ours and numbers.
    fn plain(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.text, "{key} {value}");
    }

    fn path(&mut self, key: &str, value: &Path) -> Result<(), Error> {
        let value = value.to_string_lossy();
        if value.contains(|c: char| c.is_control() || c == '"' || c == '\\') {
            return Err(Error::Unquotable {
                path: self.path.to_owned(),
                key: key.to_owned(),
            });
        }
        self.plain(key, format_args!("\"{value}\""));
        Ok(())
    }
}

pub(crate) fn render(redis: &Redis, path: &str) -> Result<String, Error> {
    let mut conf = Conf {
        path,
        text: String::from("# Rendered by Plimsoll. Changes are overwritten.\n"),
    };
    if redis.copy_listen.ip() == redis.listen.ip() {
        conf.plain("bind", redis.listen.ip());
    } else {
        // Redis has no address for each of its ports: the one without TLS is there too, behind its password.
        conf.plain(
            "bind",
            format_args!("{} {}", redis.listen.ip(), redis.copy_listen.ip()),
        );
    }
    conf.plain("port", redis.listen.port());
    conf.plain("protected-mode", "yes");
    conf.path("include", &redis.secret_file)?;
    conf.why(
        "The other regions copy it over this port, and prove who they are with a certificate of the estate.",
    );
    conf.plain("tls-port", redis.copy_listen.port());
    conf.path("tls-cert-file", &redis.tls.certificate)?;
    conf.path("tls-key-file", &redis.tls.key)?;
    conf.path("tls-ca-cert-file", &redis.tls.ca)?;
    conf.plain("tls-auth-clients", "yes");
    conf.plain("tls-replication", "yes");
    conf.why("A copy that lost its source goes on answering: who is logged in stays so.");
    conf.plain("replica-serve-stale-data", "yes");
    conf.plain("repl-diskless-sync-delay", 0);
    conf.plain("repl-timeout", 10);
    conf.plain("repl-ping-replica-period", 2);
    conf.plain("daemonize", "no");
    conf.plain("supervised", "no");
    conf.plain("databases", 1);
    conf.path("dir", &redis.directory)?;
    conf.why("A restart keeps the logins of all but the last second.");
    conf.plain("appendonly", "yes");
    conf.plain("appendfsync", "everysec");
    conf.plain("no-appendfsync-on-rewrite", "yes");
    conf.plain("auto-aof-rewrite-min-size", "16mb");
    conf.plain("save", "\"\"");
    conf.plain("maxmemory", redis.memory_max.get());
    conf.why("Every session has an end, so those that end soonest go first: somebody who was away longest logs in again.");
    conf.why("`noeviction` would refuse everybody's next login instead.");
    conf.plain("maxmemory-policy", "volatile-ttl");
    conf.plain("maxclients", 512);
    conf.plain("tcp-keepalive", 30);
    conf.plain("timeout", 0);
    conf.why("Nothing needs these, and one slip with them is an outage. REPLICAOF has a secret name, for the agent.");
    for command in ["FLUSHALL", "FLUSHDB", "DEBUG", "SLAVEOF", "MODULE"] {
        conf.plain("rename-command", format_args!("{command} \"\""));
    }
    Ok(conf.text)
}
