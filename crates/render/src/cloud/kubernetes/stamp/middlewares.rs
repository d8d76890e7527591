//! What happens to requests before they reach a process: each of the three paths has limits of its own.

use estate::FrameOptions;
use plan::cloud::blueprint::{PathPlan, PathPurpose};

use super::super::{
    manifest::{self, Manifest, because, plain},
    scope::Running,
};
use crate::yaml::{Yaml, yaml};

/// Bodies beyond this are kept in a file and not in Traefik's memory.
const BODY_IN_MEMORY: u32 = 1 << 20;

/// Name of the middleware that lets nobody in.
pub(super) const NOBODY: &str = "nobody";
/// Name of the middleware with the answer's headers.
const HEADERS: &str = "headers";
/// Name of the middleware that shows the maintenance page instead of an error.
const FAILING_OVER: &str = "failing-over";
/// Name of the chain for people's programs: websockets.
pub(super) const PEOPLE: &str = "people";
/// Name of the chain for people's pages.
pub(super) const PAGES: &str = "pages";
/// Name of the chain for administrators and their programs.
pub(super) const ADMINISTRATORS: &str = "administrators";
/// Name of the chain for partners.
pub(super) const PARTNERS: &str = "partners";

pub(super) fn manifests(running: &Running<'_>) -> Vec<Manifest> {
    let mut manifests = vec![
        because("The database manager does not exist.", nobody(running)),
        plain(headers(running)),
        because(
            "While the database moves Odoo answers 503; people see a page that tries again by itself.",
            failing_over(running),
        ),
    ];
    for path in &running.environment.front_door.paths {
        manifests.push(plain(rate(running, path)));
        manifests.push(plain(body(running, path)));
        if !path.allow.is_empty() {
            manifests.push(plain(allow(running, path)));
        }
    }
    manifests.extend(chains(running));
    manifests
}

/// What a request meets on each path, in this order, under one name: routes are as many as tenants and stay short.
fn chains(running: &Running<'_>) -> [Manifest; 4] {
    let of_path = |purpose: PathPurpose| {
        let paths = &running.environment.front_door.paths;
        let path = paths.iter().find(|path| path.purpose == purpose);
        let name = purpose.as_str();
        let allow = path
            .filter(|path| !path.allow.is_empty())
            .map(|_| format!("allow-{name}"));
        let own = path.map(|_| [format!("rate-{name}"), format!("body-{name}")]);
        allow
            .into_iter()
            .chain(own.into_iter().flatten())
            .collect::<Vec<_>>()
    };
    let chain = |name: &'static str, members: Vec<String>| {
        let members: Vec<Yaml> = members.into_iter().map(|name| yaml!({ name: (name) })).collect();
        let spec = yaml!({ chain: { middlewares: (members) } });
        plain(middleware(&running.stamp.namespace, name.to_owned(), spec))
    };
    let mut people = of_path(PathPurpose::Public);
    people.push(HEADERS.to_owned());
    let pages = people.iter().cloned().chain([FAILING_OVER.to_owned()]).collect();
    [
        chain(PEOPLE, people),
        chain(PAGES, pages),
        chain(ADMINISTRATORS, of_path(PathPurpose::Admin)),
        chain(PARTNERS, of_path(PathPurpose::Integration)),
    ]
}

/// A middleware of the stamp.
pub(super) fn middleware(namespace: &str, name: String, spec: Yaml) -> Yaml {
    yaml!({
        apiVersion: "traefik.io/v1alpha1",
        kind: "Middleware",
        metadata: { name: (name), namespace: (namespace.to_owned()), labels: (manifest::labels([])) },
        spec: (spec),
    })
}

fn nobody(running: &Running<'_>) -> Yaml {
    let spec = yaml!({ ipAllowList: { sourceRange: ["255.255.255.255/32"], rejectStatusCode: 404 } });
    middleware(&running.stamp.namespace, NOBODY.to_owned(), spec)
}

fn headers(running: &Running<'_>) -> Yaml {
    let door = &running.environment.front_door;
    let frame = match door.frame {
        FrameOptions::Deny => "DENY",
        FrameOptions::SameOrigin => "SAMEORIGIN",
    };
    let hsts = u32::try_from(door.hsts.as_millis() / 1000).unwrap_or(u32::MAX);
    let spec = yaml!({
        headers: {
            stsSeconds: hsts,
            stsIncludeSubdomains: true,
            forceSTSHeader: true,
            contentTypeNosniff: true,
            referrerPolicy: "same-origin",
            customFrameOptionsValue: frame,
            customResponseHeaders: { Server: "", "X-Powered-By": "" },
            // Which database a person sees follows from the host name, never from what the client says.
            customRequestHeaders: { "X-Odoo-Database": "" },
        },
    });
    middleware(&running.stamp.namespace, HEADERS.to_owned(), spec)
}

fn failing_over(running: &Running<'_>) -> Yaml {
    let spec = yaml!({
        errors: {
            status: ["502-504"],
            query: "/",
            service: { name: "maintenance", port: 8080 },
        },
    });
    middleware(&running.stamp.namespace, FAILING_OVER.to_owned(), spec)
}

fn rate(running: &Running<'_>, path: &PathPlan) -> Yaml {
    let spec = yaml!({
        rateLimit: {
            average: (path.rate.average),
            burst: (path.rate.burst),
            period: "1s",
            // Front Door appends the client's address; what stands before it is the client's word.
            sourceCriterion: { ipStrategy: { depth: 1 } },
        },
    });
    middleware(
        &running.stamp.namespace,
        format!("rate-{}", path.purpose.as_str()),
        spec,
    )
}

fn body(running: &Running<'_>, path: &PathPlan) -> Yaml {
    let spec = yaml!({
        buffering: {
            maxRequestBodyBytes: (path.body_max.get()),
            memRequestBodyBytes: (BODY_IN_MEMORY),
        },
    });
    middleware(
        &running.stamp.namespace,
        format!("body-{}", path.purpose.as_str()),
        spec,
    )
}

fn allow(running: &Running<'_>, path: &PathPlan) -> Yaml {
    let ranges: Vec<String> = path.allow.iter().map(ToString::to_string).collect();
    let spec = yaml!({ ipAllowList: { sourceRange: (ranges), ipStrategy: { depth: 1 } } });
    middleware(
        &running.stamp.namespace,
        format!("allow-{}", path.purpose.as_str()),
        spec,
    )
}
