//! Who calls: the name in the certificate that the other side has proved to own, and what it may ask.
//!
//! Every certificate of the estate opens a connection; that alone gives no right. Each program has one [`Table`] which
//! says for every route who may ask it; what is not in the table is refused.

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, Request, connect_info::Connected},
    middleware::{Next, from_fn},
    response::IntoResponse as _,
    serve::IncomingStream,
};
use rustls::pki_types::CertificateDer;
use types::RegionName;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use crate::{Problem, server::TlsListener};

/// A program of the estate, as its certificate names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// `controller`
    Controller,
    /// `cli`
    Cli,
    /// `front-door`: the agent of the front door.
    FrontDoor,
    /// `<region>-agent`
    Agent(RegionName),
    /// `<region>-gateway`
    Gateway(RegionName),
    /// A certificate of the estate whose program asks nobody anything, such as an ingress.
    Other(String),
    /// No certificate, or one without exactly one common name.
    Nobody,
}

/// What kinds of callers there are, for a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The controller.
    Controller,
    /// The command line.
    Cli,
    /// The agent of the front door.
    FrontDoor,
    /// The agent of a region.
    Agent,
    /// The gateway of a region.
    Gateway,
}

/// Routes as they are written in the router, each with who may ask it.
pub type Table = &'static [(&'static str, &'static [Kind])];

// === impl Caller ===

impl Caller {
    /// The caller with this common name.
    ///
    /// Names of regions cannot be confused with it: what follows the last dash decides, and a region's name stands
    /// before it.
    pub fn named(name: &str) -> Self {
        let region = |suffix| RegionName::new(name.strip_suffix(suffix)?).ok();
        match name {
            "controller" => Self::Controller,
            "cli" => Self::Cli,
            "front-door" => Self::FrontDoor,
            _ => region("-agent")
                .map(Self::Agent)
                .or_else(|| region("-gateway").map(Self::Gateway))
                .unwrap_or_else(|| Self::Other(name.to_owned())),
        }
    }

    /// The caller with this certificate, which must have been verified before.
    pub fn with_certificate(certificate: &CertificateDer<'_>) -> Self {
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
            return Self::Nobody;
        };
        let mut names = parsed.subject().iter_common_name();
        match (names.next().map(|name| name.as_str()), names.next()) {
            (Some(Ok(name)), None) => Self::named(name),
            _ => Self::Nobody,
        }
    }

    /// What kind of caller it is, if it is one that may ask anything.
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Controller => Some(Kind::Controller),
            Self::Cli => Some(Kind::Cli),
            Self::FrontDoor => Some(Kind::FrontDoor),
            Self::Agent(_) => Some(Kind::Agent),
            Self::Gateway(_) => Some(Kind::Gateway),
            Self::Other(_) | Self::Nobody => None,
        }
    }

    /// Whether it may ask a voter in the name of a region: the region's own agent may, and the controller for any.
    ///
    /// # Errors
    /// A [`Problem`] for everybody else.
    pub fn speaks_for(&self, region: &RegionName) -> Result<(), Problem> {
        match self {
            Self::Controller => Ok(()),
            Self::Agent(own) if own == region => Ok(()),
            _ => Err(Problem::forbidden(format!(
                "{self} may not speak for region {region}"
            ))),
        }
    }
}

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Controller => f.write_str("the controller"),
            Self::Cli => f.write_str("the command line"),
            Self::FrontDoor => f.write_str("the front door"),
            Self::Agent(region) => write!(f, "the agent of {region}"),
            Self::Gateway(region) => write!(f, "the gateway of {region}"),
            Self::Other(name) => write!(f, "`{name}`"),
            Self::Nobody => f.write_str("a caller without a name"),
        }
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        let (_, session) = stream.io().get_ref();
        let leaf = session
            .peer_certificates()
            .and_then(|certificates| certificates.first());
        leaf.map_or(Self::Nobody, Self::with_certificate)
    }
}

/// Refuses every request that the table does not allow.
pub fn guard(router: Router, table: Table) -> Router {
    router.route_layer(from_fn(move |request: Request, next: Next| {
        let checked = check(table, &request);
        async move {
            match checked {
                Ok(()) => next.run(request).await,
                Err(problem) => {
                    tracing::warn!(%problem, "a call was refused");
                    problem.into_response()
                }
            }
        }
    }))
}

fn check(table: Table, request: &Request) -> Result<(), Problem> {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str);
    let caller = request.extensions().get::<ConnectInfo<Caller>>();
    let caller = caller.map_or(&Caller::Nobody, |ConnectInfo(caller)| caller);
    if may_call(table, caller, path) {
        Ok(())
    } else {
        Err(Problem::forbidden(format!("{caller} may not ask {path}")))
    }
}

fn may_call(table: Table, caller: &Caller, path: &str) -> bool {
    let row = table.iter().find(|(route, _)| *route == path);
    match (row, caller.kind()) {
        (Some((_, allowed)), Some(kind)) => allowed.contains(&kind),
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    #[test]
    fn a_common_name_says_which_program_it_is() {
        for (name, expected) in [
            ("controller", Caller::Controller),
            ("cli", Caller::Cli),
            ("front-door", Caller::FrontDoor),
            ("north-agent", Caller::Agent(region("north"))),
            ("north-agent-gateway", Caller::Gateway(region("north-agent"))),
            ("cli-agent", Caller::Agent(region("cli"))),
            ("north-postgres", Caller::Other("north-postgres".to_owned())),
            ("-agent", Caller::Other("-agent".to_owned())),
            ("", Caller::Other(String::new())),
        ] {
            assert_eq!(Caller::named(name), expected, "{name}");
        }
    }

    #[test]
    fn a_certificate_is_read_and_one_without_a_name_is_nobody() {
        let with = |names: &[&str]| {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            for name in names {
                let kind = rcgen::DnType::CommonName;
                params.distinguished_name.push(kind, *name);
            }
            let key = rcgen::KeyPair::generate().unwrap();
            Caller::with_certificate(params.self_signed(&key).unwrap().der())
        };
        assert_eq!(with(&["north-agent"]), Caller::Agent(region("north")));
        assert_eq!(with(&[]), Caller::Nobody);
        assert_eq!(
            Caller::with_certificate(&CertificateDer::from(vec![1, 2, 3])),
            Caller::Nobody
        );
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        const TABLE: Table = &[("/v1/lead", &[Kind::Controller]), ("/v1/nobody", &[])];
        for (caller, path, expected) in [
            (Caller::Controller, "/v1/lead", true),
            (Caller::Controller, "/v1/nobody", false),
            (Caller::Controller, "/v1/other", false),
            (Caller::Controller, "", false),
            (Caller::Cli, "/v1/lead", false),
            (Caller::Gateway(region("north")), "/v1/lead", false),
            (Caller::Other("north-ingress".to_owned()), "/v1/lead", false),
            (Caller::Nobody, "/v1/lead", false),
        ] {
            assert_eq!(may_call(TABLE, &caller, path), expected, "{caller} {path}");
        }
    }

    #[test]
    fn an_agent_speaks_for_its_own_region_alone() {
        let (north, south) = (region("north"), region("south"));
        assert!(Caller::Agent(north.clone()).speaks_for(&north).is_ok());
        assert!(Caller::Controller.speaks_for(&north).is_ok());
        for caller in [
            Caller::Agent(south),
            Caller::Gateway(north.clone()),
            Caller::Cli,
            Caller::Nobody,
        ] {
            assert_eq!(caller.speaks_for(&north).unwrap_err().status, 403, "{caller}");
        }
    }
}
