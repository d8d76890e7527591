//! Names: within Azure's rules, and never the same for two things.

use std::collections::BTreeMap;

use super::{At, Findings, placed};
use crate::cloud::blueprint::{Blueprint, DatabaseEngine, Environment, Region};

/// What a name may be made of.
#[derive(Clone, Copy)]
enum Letters {
    /// Lowercase letters and digits.
    Plain,
    /// Also single hyphens, neither first nor last.
    Hyphens,
    /// Also underscores, dots and brackets.
    Loose,
}

/// What Azure asks of a name.
struct Rule {
    what: &'static str,
    shortest: usize,
    longest: usize,
    letters: Letters,
}

const fn rule(what: &'static str, shortest: usize, longest: usize, letters: Letters) -> Rule {
    Rule {
        what,
        shortest,
        longest,
        letters,
    }
}

const RESOURCE_GROUP: Rule = rule("resource group", 1, 90, Letters::Loose);
const NETWORK: Rule = rule("network", 2, 64, Letters::Hyphens);
const SUBNET: Rule = rule("subnet", 1, 80, Letters::Loose);
const CLUSTER: Rule = rule("cluster", 1, 54, Letters::Hyphens);
const NODE_POOL: Rule = rule("node pool", 1, 12, Letters::Plain);
const VAULT: Rule = rule("vault", 3, 24, Letters::Hyphens);
const LOGS: Rule = rule("log workspace", 4, 63, Letters::Hyphens);
const ACCOUNT: Rule = rule("storage account", 3, 24, Letters::Plain);
const CONTAINER: Rule = rule("container", 3, 63, Letters::Hyphens);
const SERVER: Rule = rule("database server", 3, 63, Letters::Hyphens);
const CACHE: Rule = rule("cache", 1, 60, Letters::Hyphens);
const IDENTITY: Rule = rule("identity", 3, 120, Letters::Hyphens);
const GATEWAY: Rule = rule("gateway", 1, 80, Letters::Hyphens);
const FRONT_DOOR: Rule = rule("front door", 2, 46, Letters::Hyphens);
const REGISTRY: Rule = rule("registry", 5, 50, Letters::Plain);
const NAMESPACE: Rule = rule("namespace", 1, 63, Letters::Hyphens);
const POSTGRES: Rule = rule("PostgreSQL cluster", 1, 50, Letters::Hyphens);
/// Namespaces that clusters have already.
const NAMESPACES_TAKEN: [&str; 4] = ["default", "kube-system", "kube-public", "flux-system"];

pub(super) fn check(blueprint: &Blueprint, findings: &mut Findings) {
    let mut names = Names {
        seen: BTreeMap::new(),
        findings,
    };
    names.one(
        &REGISTRY,
        &blueprint.delivery.registry_name,
        "delivery".to_owned(),
    );
    for (place, environment) in blueprint.environments.iter().enumerate() {
        let before = &blueprint.environments[..place];
        if before.iter().any(|other| other.name == environment.name) {
            names
                .findings
                .find(&environment.name, "there are two environments of this name");
        }
        names.environment(environment);
        for region in &environment.regions {
            names.region(environment, region);
        }
    }
}

struct Names<'f> {
    /// Names that must be unique, by what they name, and whose they are.
    seen: BTreeMap<(&'static str, String), String>,
    findings: &'f mut Findings,
}

impl Names<'_> {
    /// A name that must be right.
    fn right(&mut self, rule: &Rule, name: &str, whose: &str) {
        if name.len() < rule.shortest || name.len() > rule.longest || !written(name, rule.letters) {
            self.findings
                .find(whose, format!("`{name}` is no name for a {} in Azure", rule.what));
        }
    }

    /// A name that must be right, and no other's of its kind.
    fn one(&mut self, rule: &Rule, name: &str, whose: String) {
        self.right(rule, name, &whose);
        if let Some(first) = self.seen.insert((rule.what, name.to_owned()), whose.clone()) {
            self.findings
                .find(whose, format!("has the same {} `{name}` as {first}", rule.what));
        }
    }

    fn environment(&mut self, environment: &Environment) {
        let door = &environment.front_door;
        self.one(&FRONT_DOOR, &door.name, environment.name.to_string());
        self.one(
            &RESOURCE_GROUP,
            &door.resource_group,
            environment.name.to_string(),
        );
        for stamp in &environment.stamps {
            let whose = format!("{}/{}", environment.name, stamp.name);
            if NAMESPACES_TAKEN.contains(&stamp.namespace.as_str()) {
                self.findings.find(
                    &whose,
                    format!("every cluster has a namespace `{}` already", stamp.namespace),
                );
            }
            self.right(&NAMESPACE, &stamp.namespace, &whose);
            for secret in &stamp.secrets {
                let right = |name: &str, longest| name.len() <= longest && loose_hyphens(name);
                if !right(&secret.vault_key, 127) || !right(&secret.name, 253) {
                    self.findings
                        .find(&whose, format!("`{}` is no name for a secret", secret.vault_key));
                }
            }
        }
    }

    fn region(&mut self, environment: &Environment, region: &Region) {
        let at = At(environment, region).to_string();
        let groups = &region.resource_groups;
        for group in [&groups.infrastructure, &groups.data, &groups.platform] {
            self.one(&RESOURCE_GROUP, group, at.clone());
        }
        self.one(&NETWORK, &region.network.name, at.clone());
        for subnet in &region.network.subnets {
            self.right(&SUBNET, &subnet.name, &at);
        }
        self.one(&VAULT, &region.vault, at.clone());
        self.one(&LOGS, &region.log_workspace, at.clone());
        for account in &region.storage {
            self.one(&ACCOUNT, &account.name, at.clone());
            for container in &account.containers {
                self.right(&CONTAINER, &container.name, &at);
            }
        }
        for cluster in &region.clusters {
            self.one(&CLUSTER, &cluster.name, at.clone());
            for pool in &cluster.node_pools {
                self.right(&NODE_POOL, &pool.name, &at);
            }
        }
        for gateway in &region.site_gateways {
            self.one(&GATEWAY, &gateway.name, at.clone());
            for connection in &gateway.connections {
                self.right(&GATEWAY, &connection.name, &at);
            }
        }
        for one in placed(environment).filter(|one| one.region.name == region.name) {
            let whose = one.to_string();
            self.one(&IDENTITY, &one.placement.identity, whose.clone());
            self.one(&IDENTITY, &one.placement.backup_identity, whose.clone());
            match &one.placement.database.engine {
                DatabaseEngine::FlexibleServer(server) => {
                    let names = std::iter::once(&server.name)
                        .chain(&server.reporting_replicas)
                        .chain(&server.virtual_endpoint);
                    for name in names {
                        self.one(&SERVER, name, whose.clone());
                    }
                }
                DatabaseEngine::CloudNativePg(postgres) => self.right(&POSTGRES, &postgres.name, &whose),
                DatabaseEngine::RestoredWhenNeeded => {}
            }
            if let Some(cache) = &one.placement.cache {
                self.right(&CACHE, &cache.name, &whose);
            }
        }
    }
}

fn written(name: &str, letters: Letters) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match letters {
        Letters::Plain => name.bytes().all(plain),
        Letters::Hyphens => {
            name.bytes().all(|byte| plain(byte) || byte == b'-')
                && !name.starts_with('-')
                && !name.ends_with('-')
                && !name.contains("--")
        }
        Letters::Loose => {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.()".contains(&byte))
                && !name.ends_with('.')
        }
    }
}

/// Letters, digits and hyphens, as secrets may have them.
fn loose_hyphens(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
