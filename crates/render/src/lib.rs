//! A blueprint as the files that programs read. The only place that knows their syntax.
//!
//! JSON and YAML come out of serializers, the line formats (`*.conf`) out of small writers that quote: no file is made
//! by pasting strings together. Nothing is decided here; what looks like a constant is a fact about the program.
//!
//! This crate is pure: the same blueprint gives the same bytes.

mod cloud;
mod hba_conf;
mod hcl;
mod local;
mod maintenance;
mod markdown;
mod odoo_conf;
mod postgresql_conf;
mod redis_conf;
mod settings;
mod traefik;
mod yaml;

use types::TreePathError;

pub use cloud::cloud;
pub use local::local;

/// What can go wrong; each would be a bug in the blueprint or here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two files of one name, or a name that leaves the tree.
    #[error("cannot place a rendered file")]
    Path(#[from] TreePathError),
    /// Settings that cannot be written as JSON.
    #[error("cannot write {path} as JSON")]
    Json {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Configuration that cannot be written as YAML.
    #[error("cannot write {path} as YAML: {why}")]
    Yaml {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A value that a line format cannot hold.
    #[error("cannot write {path}: the value of `{key}` has characters that the format cannot hold")]
    Unquotable {
        /// The file.
        path: String,
        /// The setting.
        key: String,
    },
}
