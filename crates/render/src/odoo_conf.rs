//! `odoo.conf` of one workload class.

use std::fmt::{Display, Write as _};

use plan::{OdooProcess, Workload};

use crate::Error;

/// A hash that no password has: the database manager is closed in three places, and this is the third.
const NO_PASSWORD: &str = "$pbkdf2-sha512$600000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Conf<'p> {
    path: &'p str,
    text: String,
}

impl Conf<'_> {
    fn why(&mut self, reason: &str) {
        let _ = writeln!(self.text, "; {reason}");
    }

    /// The format has no quotes, so a value that would need them is refused.
    fn set(&mut self, key: &str, value: impl Display) -> Result<(), Error> {
        let value = value.to_string();
        if value.contains(char::is_control) || value.trim() != value {
            return Err(Error::Unquotable {
                path: self.path.to_owned(),
                key: key.to_owned(),
            });
        }
        let _ = writeln!(self.text, "{key} = {value}");
        Ok(())
    }
}

/// How Odoo finds its databases in a cluster.
pub(crate) enum Databases {
    /// One tenant has the processes for itself.
    One {
        /// How the server proves who it is, as libpq says it.
        ssl_mode: &'static str,
    },
    /// The launcher reads from files which tenants there are: a list here would restart all processes with each change.
    OfTenants {
        /// How the server proves who it is, as libpq says it.
        ssl_mode: &'static str,
    },
}

/// The configuration of a process on one machine.
pub(crate) fn render(process: &OdooProcess, path: &str) -> Result<String, Error> {
    let mut conf = begin(process, path);
    one_database(&mut conf, process)?;
    conf.why("The socket of this region's own server; the password comes from PGPASSFILE.");
    connection(&mut conf, process)?;
    rest(conf, process)
}

/// The configuration of a process in a cluster: the same, but for where its databases are.
pub(crate) fn in_cluster(process: &OdooProcess, databases: &Databases, path: &str) -> Result<String, Error> {
    let mut conf = begin(process, path);
    let ssl_mode = match databases {
        Databases::One { ssl_mode } => {
            one_database(&mut conf, process)?;
            ssl_mode
        }
        Databases::OfTenants { ssl_mode } => {
            conf.why("An empty database, so that Odoo without our launcher would serve nobody and run no jobs. The launcher");
            conf.why(
                "reads the tenants' files instead and decides by host name, for requests and for jobs alike.",
            );
            one_database(&mut conf, process)?;
            ssl_mode
        }
    };
    conf.why("The launcher adds each tenant's own role and password, which change without a restart.");
    connection(&mut conf, process)?;
    conf.set("db_sslmode", ssl_mode)?;
    rest(conf, process)
}

fn begin<'p>(process: &OdooProcess, path: &'p str) -> Conf<'p> {
    let text = format!(
        "; Rendered by Plimsoll. Changes are overwritten.\n; Odoo, workload `{}`.\n[options]\n",
        process.workload.as_str()
    );
    Conf { path, text }
}

fn rest(mut conf: Conf<'_>, process: &OdooProcess) -> Result<String, Error> {
    listening(&mut conf, process)?;
    work(&mut conf, process)?;
    Ok(conf.text)
}

fn one_database(conf: &mut Conf<'_>, process: &OdooProcess) -> Result<(), Error> {
    conf.why("Cron ignores dbfilter, and the web ignores db_name where a request names a database: both are needed.");
    conf.set("db_name", &process.database)?;
    conf.set("dbfilter", format_args!("^{}$", process.database))?;
    conf.set("list_db", "False")?;
    conf.set("admin_passwd", NO_PASSWORD)
}

fn connection(conf: &mut Conf<'_>, process: &OdooProcess) -> Result<(), Error> {
    conf.set("db_host", process.database_socket_dir.display())?;
    conf.set("db_port", process.database_port)?;
    conf.set("db_user", &process.database_role)?;
    conf.set("db_maxconn", process.database_connections_max)?;
    conf.set("db_maxconn_gevent", process.database_connections_max)?;
    let addons: Vec<_> = process
        .addons_path
        .iter()
        .map(|path| path.to_string_lossy())
        .collect();
    conf.set("addons_path", addons.join(","))?;
    conf.set("server_wide_modules", "base,web,plimsoll_session")?;
    conf.why("Attachments are not in here but in the database (ir_attachment.location = db), so that replication covers");
    conf.why("them: a file that is lost is served as an empty one with status 200.");
    conf.set("data_dir", process.data_dir.display())
}

fn listening(conf: &mut Conf<'_>, process: &OdooProcess) -> Result<(), Error> {
    match process.listen {
        Some(listen) => {
            conf.set("http_enable", "True")?;
            conf.set("http_interface", listen.ip())?;
            conf.set("http_port", listen.port())?;
            conf.set("gevent_port", listen.port())?;
        }
        None => conf.set("http_enable", "False")?,
    }
    conf.why("The ingress sets X-Forwarded-*, and nobody else can reach this port.");
    conf.set("proxy_mode", "True")
}

fn work(conf: &mut Conf<'_>, process: &OdooProcess) -> Result<(), Error> {
    if process.workload == Workload::Scheduler {
        conf.why("A worker selects prefork, and without HTTP none is started: threaded cron dies silently with its database.");
    }
    conf.set("workers", process.workers)?;
    conf.set("max_cron_threads", process.cron_workers)?;
    conf.set("limit_time_real", process.request_time_max.as_millis() / 1000)?;
    conf.set("limit_time_cpu", process.request_cpu_max.as_millis() / 1000)?;
    conf.set("limit_time_real_cron", process.job_time_max.as_millis() / 1000)?;
    conf.set("limit_memory_soft", process.memory_soft.get())?;
    conf.set("limit_memory_hard", process.memory_hard.get())?;
    conf.set("log_level", "info")?;
    conf.why("Demonstration data, mail and translations are not this file's business.");
    conf.set("with_demo", "False")
}
