//! Traefik's dynamic configuration, read again whenever it changes.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;
use types::{Span, settings::TlsFiles};

use super::Named;

#[derive(Serialize)]
pub(super) struct Dynamic {
    tls: Tls,
    http: Http,
}

#[derive(Serialize)]
struct Tls {
    certificates: Vec<Certificate>,
    stores: BTreeMap<&'static str, Store>,
    options: BTreeMap<&'static str, TlsOptions>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    cert_file: PathBuf,
    key_file: PathBuf,
}

/// The certificate for clients that name no host, or one we do not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Store {
    default_certificate: Certificate,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsOptions {
    min_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_auth: Option<ClientAuth>,
}

/// Whose certificates are asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientAuth {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ca_files: Vec<PathBuf>,
    client_auth_type: &'static str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    routers: Named<Router>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    middlewares: Named<Middleware>,
    services: Named<HttpService>,
    servers_transports: Named<ServersTransport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Router {
    entry_points: [&'static str; 1],
    rule: &'static str,
    priority: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    middlewares: Vec<&'static str>,
    service: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpService {
    load_balancer: LoadBalancer,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoadBalancer {
    pass_host_header: bool,
    servers_transport: &'static str,
    servers: [Server; 1],
}

#[derive(Serialize)]
struct Server {
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServersTransport {
    #[serde(rename = "rootCAs", skip_serializing_if = "Vec::is_empty")]
    root_cas: Vec<PathBuf>,
    /// What it proves itself with, where the server asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<Certificate>,
    forwarding_timeouts: ForwardingTimeouts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForwardingTimeouts {
    dial_timeout: String,
    response_header_timeout: String,
    idle_conn_timeout: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Middleware {
    #[serde(rename_all = "camelCase")]
    IpAllowList { source_range: [&'static str; 1] },
    #[serde(rename = "passTLSClientCert")]
    PassTlsClientCert { pem: bool },
    #[serde(rename_all = "camelCase")]
    Headers {
        content_type_nosniff: bool,
        referrer_policy: &'static str,
    },
}

impl Dynamic {
    pub(super) fn new(tls: &TlsFiles) -> Self {
        let certificate = Certificate {
            cert_file: tls.certificate.clone(),
            key_file: tls.key.clone(),
        };
        let store = Store {
            default_certificate: certificate.clone(),
        };
        Self {
            tls: Tls {
                certificates: vec![certificate],
                stores: BTreeMap::from([("default", store)]),
                options: BTreeMap::from([(
                    "default",
                    TlsOptions {
                        min_version: "VersionTLS12",
                        client_auth: None,
                    },
                )]),
            },
            http: Http::default(),
        }
    }

    /// Asks clients for a certificate, and leaves to the gateway whose it must be. Only the handshake proves that the
    /// client owns its key.
    pub(super) fn asking_partners(self) -> Self {
        self.asking(ClientAuth {
            ca_files: Vec::new(),
            client_auth_type: "RequestClientCert",
        })
    }

    /// Takes requests from programs of the estate alone.
    pub(super) fn for_programs_of(self, tls: &TlsFiles) -> Self {
        self.asking(ClientAuth {
            ca_files: vec![tls.ca.clone()],
            client_auth_type: "RequireAndVerifyClientCert",
        })
    }

    fn asking(mut self, asked: ClientAuth) -> Self {
        if let Some(options) = self.tls.options.get_mut("default") {
            options.client_auth = Some(asked);
        }
        self
    }

    pub(super) fn router(&mut self, name: &str, router: Router) {
        self.http.routers.insert(name.to_owned(), router);
    }

    pub(super) fn service(&mut self, name: &str, service: HttpService) {
        self.http.services.insert(name.to_owned(), service);
    }

    pub(super) fn middleware(&mut self, name: &str, middleware: Middleware) {
        self.http.middlewares.insert(name.to_owned(), middleware);
    }

    pub(super) fn transport(&mut self, name: &str, transport: ServersTransport) {
        self.http.servers_transports.insert(name.to_owned(), transport);
    }
}

impl Router {
    pub(super) const fn new(rule: &'static str, priority: u16, service: &'static str) -> Self {
        Self {
            entry_points: ["https"],
            rule,
            priority,
            middlewares: Vec::new(),
            service,
        }
    }

    pub(super) fn through(mut self, middlewares: &[&'static str]) -> Self {
        self.middlewares = middlewares.to_vec();
        self
    }
}

impl HttpService {
    pub(super) fn new(url: &str, transport: &'static str) -> Self {
        let servers = [Server { url: url.to_owned() }];
        Self {
            load_balancer: LoadBalancer {
                pass_host_header: true,
                servers_transport: transport,
                servers,
            },
        }
    }
}

impl ServersTransport {
    /// `tls`: the authority that signed the server's certificate; `None` for plain HTTP.
    pub(super) fn new(tls: Option<&TlsFiles>, response_timeout: Span) -> Self {
        Self {
            root_cas: tls.map(|files| files.ca.clone()).into_iter().collect(),
            certificates: Vec::new(),
            forwarding_timeouts: ForwardingTimeouts {
                dial_timeout: "1s".to_owned(),
                response_header_timeout: format!("{}ms", response_timeout.as_millis()),
                // Odoo closes an idle connection after some seconds; one that is kept longer here would be used dead.
                idle_conn_timeout: "1s".to_owned(),
            },
        }
    }
}

impl ServersTransport {
    /// Proves itself, too.
    pub(super) fn proving_itself(mut self, tls: &TlsFiles) -> Self {
        self.certificates = vec![Certificate {
            cert_file: tls.certificate.clone(),
            key_file: tls.key.clone(),
        }];
        self
    }
}

impl Middleware {
    /// Tells the server of the client's certificate.
    pub(super) const fn partner_certificate() -> Self {
        Self::PassTlsClientCert { pem: true }
    }

    /// Lets no address in: an answer of 403.
    pub(super) const fn nobody() -> Self {
        Self::IpAllowList {
            source_range: ["255.255.255.255/32"],
        }
    }

    pub(super) const fn security_headers() -> Self {
        // No HSTS: browsers would apply it to everything on `localhost`.
        Self::Headers {
            content_type_nosniff: true,
            referrer_policy: "same-origin",
        }
    }
}
