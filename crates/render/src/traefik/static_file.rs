//! Traefik's static configuration, read once at its start.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use serde::Serialize;

/// One entry point, one file provider, and nothing that phones home.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Static {
    global: Global,
    log: Log,
    entry_points: BTreeMap<&'static str, EntryPoint>,
    providers: Providers,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Global {
    check_new_version: bool,
    send_anonymous_usage: bool,
}

/// There is no access log: request lines may carry secrets, and the gateway and Odoo keep their own.
#[derive(Serialize)]
struct Log {
    level: &'static str,
    format: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryPoint {
    address: String,
    forwarded_headers: ForwardedHeaders,
    transport: Transport,
    http: EntryPointHttp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForwardedHeaders {
    #[serde(rename = "trustedIPs")]
    trusted_ips: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transport {
    life_cycle: LifeCycle,
    responding_timeouts: RespondingTimeouts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifeCycle {
    grace_time_out: &'static str,
}

/// How long a client may take to send its request, and to be quiet between two.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RespondingTimeouts {
    read_timeout: &'static str,
    idle_timeout: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryPointHttp {
    tls: Empty,
    /// Odoo is a WSGI program: to it `X_Forwarded_For` is `X-Forwarded-For`, which a client could so forge.
    alias_headers_strategy: &'static str,
    encoded_characters: EncodedCharacters,
}

/// An encoded slash would be part of a name to our rules and a separator to Odoo.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncodedCharacters {
    allow_encoded_slash: bool,
    allow_encoded_back_slash: bool,
    allow_encoded_null_character: bool,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Providers {
    providers_throttle_duration: &'static str,
    file: FileProvider,
}

#[derive(Serialize)]
struct FileProvider {
    #[serde(flatten)]
    provider: Provider,
    watch: bool,
}

/// Where the dynamic configuration lies.
#[derive(Serialize)]
pub(super) enum Provider {
    /// One file.
    #[serde(rename = "filename")]
    File(PathBuf),
    /// All files of a directory.
    #[serde(rename = "directory")]
    Directory(PathBuf),
}

impl Static {
    pub(super) fn new(listen: SocketAddr, provider: Provider) -> Self {
        let entry_point = EntryPoint {
            address: listen.to_string(),
            forwarded_headers: ForwardedHeaders {
                trusted_ips: Vec::new(),
            },
            transport: Transport {
                life_cycle: LifeCycle { grace_time_out: "3s" },
                responding_timeouts: RespondingTimeouts {
                    read_timeout: "60s",
                    idle_timeout: "180s",
                },
            },
            http: EntryPointHttp {
                tls: Empty {},
                alias_headers_strategy: "delete",
                encoded_characters: EncodedCharacters {
                    allow_encoded_slash: false,
                    allow_encoded_back_slash: false,
                    allow_encoded_null_character: false,
                },
            },
        };
        Self {
            global: Global {
                check_new_version: false,
                send_anonymous_usage: false,
            },
            log: Log {
                level: "INFO",
                format: "json",
            },
            entry_points: BTreeMap::from([("https", entry_point)]),
            // By default a changed route takes up to 2 s to count; that would be a third of the recovery time.
            providers: Providers {
                providers_throttle_duration: "100ms",
                file: FileProvider {
                    provider,
                    watch: true,
                },
            },
        }
    }

    /// Takes over what the proxy at this address says about the client.
    pub(super) fn trusting(mut self, proxy: IpAddr) -> Self {
        for entry_point in self.entry_points.values_mut() {
            entry_point.forwarded_headers.trusted_ips = vec![format!("{proxy}/32")];
        }
        self
    }
}
