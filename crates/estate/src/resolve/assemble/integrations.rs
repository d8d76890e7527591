//! Partners, integrations and the secrets they need.

use std::{collections::BTreeMap, path::PathBuf};

use types::{
    IntegrationName, PartnerName, SecretName,
    settings::{
        Duplicates, EdiSettings, EdiStandard, OutboundSettings, OutboundTarget, PayloadSettings, Payloads,
        ScannerSettings, SignatureScheme,
    },
};

use super::{Context, line, values};
use crate::{
    defaults,
    document::{
        AuthenticationDocument, EdiDocumentAgreement, FilesDocument, IntegrationDocument, OutboundDocument,
        PartnerDocument, ScannerDocument, SecretDocument,
    },
    model::{
        Authentication, Buffering, EndpointAddress, FileEnd, FileFormat, Files, Integration, Language,
        Partner, PrinterLanguage, Protocol, Retry, Secret,
    },
};

pub(super) fn partner(written: &PartnerDocument) -> Option<(PartnerName, Partner)> {
    let name = written.name.value()?;
    let partner = Partner {
        display_name: line(&written.display_name).unwrap_or_else(|| defaults::display_name(name.as_str())),
        contact: written.contact.get().map(|mail| mail.0.clone()),
        language: written.language.get().copied().unwrap_or(Language::En),
        addresses: values(&written.addresses),
    };
    Some((name, partner))
}

/// Where no partners are written, those that integrations name are partners about whom nothing is known.
pub(super) fn complete_partners(partners: &mut BTreeMap<PartnerName, Partner>, integrations: &[Integration]) {
    for name in integrations.iter().filter_map(|one| one.partner.as_ref()) {
        partners.entry(name.clone()).or_insert_with(|| Partner {
            display_name: defaults::display_name(name.as_str()),
            contact: None,
            language: Language::En,
            addresses: Vec::new(),
        });
    }
}

pub(super) fn secret(written: &SecretDocument) -> Option<(SecretName, Secret)> {
    let name = written.name.value()?;
    let secret = Secret {
        vault_key: written
            .vault_key
            .get()
            .map_or_else(|| name.to_string(), |key| key.0.clone()),
        rotate: written.rotate.or(defaults::ROTATE),
        owner: line(&written.owner),
    };
    Some((name, secret))
}

/// The secrets of integrations that say nothing about how their partner proves who it is.
pub(super) fn complete_secrets(secrets: &mut BTreeMap<SecretName, Secret>, integrations: &[Integration]) {
    for name in integrations.iter().filter_map(|one| one.authentication.secret()) {
        secrets
            .entry(name.clone())
            .or_insert_with(|| defaults::secret(name));
    }
}

pub(super) fn integration(written: &IntegrationDocument, context: &Context<'_>) -> Option<Integration> {
    let name = written.name.value()?;
    let only_tenant = match context.tenants {
        [only] => Some(only.clone()),
        _ => None,
    };
    let protocol = written.protocol.or(defaults::PROTOCOL);
    let buffering = written.buffering.get();
    let buffering = Buffering {
        outage: buffering.map_or(defaults::BUFFERING.outage, |one| {
            one.outage.or(defaults::BUFFERING.outage)
        }),
        messages_per_hour: buffering
            .and_then(|one| one.messages_per_hour.get())
            .map_or(defaults::BUFFERING.messages_per_hour, |number| number.u32()),
    };
    // Who must survive a longer outage must not give up during it.
    let give_up = defaults::RETRY.give_up.max(buffering.outage);
    let retry = written.retry.get();
    let kind = written.kind.get()?.0.clone();
    let criticality = written.criticality.or(defaults::CRITICALITY);
    let authentication = match &written.authentication {
        crate::field::Given::Absent => defaults::authentication(&name, protocol)?,
        given => authentication(given.get()?)?,
    };
    let files = written.files.get().and_then(|one| files(one, &name));
    Some(Integration {
        tenant: written.tenant.value().or(only_tenant)?,
        partner: written.partner.value(),
        direction: written.direction.or(defaults::DIRECTION),
        idempotency: written.idempotency.value()?,
        ordering: written.ordering.get().map(|pointer| pointer.0.clone()),
        address: address(written),
        body_max: written.body_max.or(defaults::BODY_MAX),
        concurrency: written
            .concurrency
            .get()
            .map_or(defaults::CONCURRENCY, |number| number.u16()),
        rate_max: written.rate_max.get().map(|number| number.u32()),
        priority: written.priority.or(defaults::priority(&kind, criticality)),
        kind,
        retry: Retry {
            first: retry.map_or(defaults::RETRY.first, |one| one.first.or(defaults::RETRY.first)),
            longest: retry.map_or(defaults::RETRY.longest, |one| {
                one.longest.or(defaults::RETRY.longest)
            }),
            give_up: retry.map_or(give_up, |one| one.give_up.or(give_up)),
        },
        buffering,
        criticality,
        keep: written.keep.or(defaults::KEEP),
        payloads: PayloadSettings {
            show: written.payloads.or(Payloads::default()),
            masked: values(&written.masked).into_iter().map(|one| one.0).collect(),
        },
        owner: line(&written.owner),
        edi: written
            .edi
            .get()
            .and_then(|one| edi(one, standard(protocol, written)?)),
        outbound: match written.outbound.get() {
            Some(one) => outbound(one, written, protocol, files.as_ref(), &authentication),
            None => documents(written, protocol, files.as_ref(), &authentication),
        },
        authentication,
        files,
        scanner: written.scanner.get().and_then(scanner),
        protocol,
        name,
    })
}

/// Nothing for protocols that know no EDI; that is reported elsewhere.
fn standard(protocol: Protocol, written: &IntegrationDocument) -> Option<EdiStandard> {
    match protocol {
        Protocol::X12 => Some(EdiStandard::X12),
        Protocol::Edifact => Some(EdiStandard::Edifact),
        Protocol::Sftp | Protocol::FileDrop => match written.files.get()?.format.or(FileFormat::Json) {
            FileFormat::X12 => Some(EdiStandard::X12),
            FileFormat::Edifact => Some(EdiStandard::Edifact),
            FileFormat::Json => None,
        },
        Protocol::HttpsJson | Protocol::Printer | Protocol::Scanner => None,
    }
}

fn files(written: &FilesDocument, name: &IntegrationName) -> Option<Files> {
    let temporary = written.temporary.get();
    Some(Files {
        directory: written.directory.get()?.0.clone(),
        user: line(&written.user).unwrap_or_else(|| name.to_string()),
        host_keys: values(&written.host_keys).into_iter().map(|key| key.0).collect(),
        format: written.format.or(FileFormat::Json),
        after: written.after.or(FileEnd::Move),
        every: written.every.or(defaults::FILES_EVERY),
        temporary: match temporary {
            None => defaults::TEMPORARY.map(ToOwned::to_owned).into(),
            Some(_) => values(&written.temporary).into_iter().map(|one| one.0).collect(),
        },
    })
}

fn scanner(written: &ScannerDocument) -> Option<ScannerSettings> {
    Some(ScannerSettings {
        site: written.site.value()?,
        wait_for_gap: written.wait_for_gap.or(defaults::WAIT_FOR_GAP),
        warehouse: line(&written.warehouse),
        mappings: values(&written.mappings).into_iter().map(|text| text.0).collect(),
    })
}

fn edi(written: &EdiDocumentAgreement, standard: EdiStandard) -> Option<EdiSettings> {
    Some(EdiSettings {
        standard,
        us: written.us.get()?.0.parse().ok()?,
        them: written.them.get()?.0.parse().ok()?,
        partner: line(&written.erp_partner)?,
        warehouse: line(&written.warehouse),
        confirm: written.confirm.or(false),
        send: values(&written.send),
        to: written.to.get().map(|one| one.0.clone()),
        answer_within: written.answer_within.or(defaults::EDI_ANSWER_WITHIN),
        test: written.test.or(false),
        mappings: Vec::new(),
    })
}

/// Where it goes: what is written, or the host of what is posted to.
fn address(written: &IntegrationDocument) -> Option<EndpointAddress> {
    if let Some(address) = written.address.get() {
        return Some(address.0.clone());
    }
    let to = written.outbound.get()?.to.get()?;
    let host = to.0.strip_prefix("https://")?.split('/').next()?;
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (host, 443),
    };
    Some(EndpointAddress {
        host: host.to_owned(),
        port,
    })
}

/// Nothing where nobody knows where it goes; that is reported elsewhere.
fn outbound(
    written: &OutboundDocument,
    of: &IntegrationDocument,
    protocol: Protocol,
    files: Option<&Files>,
    authentication: &Authentication,
) -> Option<OutboundSettings> {
    let to = written.to.get().map(|to| to.0.clone());
    let address = of.address.get().map(|address| &address.0);
    let target = match protocol {
        Protocol::X12 | Protocol::Edifact | Protocol::Scanner => return None,
        Protocol::HttpsJson | Protocol::Sftp | Protocol::FileDrop => match to {
            Some(to) if to.starts_with("file://") => OutboundTarget::Files { to },
            Some(to) => OutboundTarget::Post { to },
            None if protocol == Protocol::FileDrop => return None,
            None if protocol == Protocol::Sftp => {
                let files = files?;
                on_server(files, address?, authentication, &files.directory)
            }
            None => OutboundTarget::Post {
                to: address.map(|one| format!("https://{}:{}/", one.host, one.port))?,
            },
        },
        Protocol::Printer => {
            let address = address?;
            match written.printer.or(PrinterLanguage::Raw) {
                PrinterLanguage::Raw => OutboundTarget::RawPrinter {
                    address: format!("{}:{}", address.host, address.port),
                    duplicates: written.duplicates.or(Duplicates::Ask),
                    status: written.status.or(false),
                },
                PrinterLanguage::Ipp => OutboundTarget::IppPrinter {
                    to: format!("http://{}:{}/ipp/print", address.host, address.port),
                    certificates: Vec::new(),
                },
                PrinterLanguage::Ipps => OutboundTarget::IppPrinter {
                    to: format!("https://{}:{}/ipp/print", address.host, address.port),
                    certificates: values(&written.certificates)
                        .into_iter()
                        .map(|one| one.0)
                        .collect(),
                },
            }
        }
    };
    let kinds: Vec<String> = values(&written.events).into_iter().map(|kind| kind.0).collect();
    Some(OutboundSettings {
        events: if kinds.is_empty() {
            vec![of.kind.get()?.0.clone()]
        } else {
            kinds
        },
        target,
        templates: values(&written.templates)
            .into_iter()
            .map(|text| text.0)
            .collect(),
    })
}

/// Documents of EDI that are put on the server from which the partner's are fetched.
fn documents(
    of: &IntegrationDocument,
    protocol: Protocol,
    files: Option<&Files>,
    authentication: &Authentication,
) -> Option<OutboundSettings> {
    let directory = &of.edi.get()?.directory.get()?.0;
    let address = &of.address.get()?.0;
    (protocol == Protocol::Sftp).then_some(())?;
    Some(OutboundSettings {
        events: Vec::new(),
        target: on_server(files?, address, authentication, directory),
        templates: Vec::new(),
    })
}

fn on_server(
    files: &Files,
    address: &EndpointAddress,
    authentication: &Authentication,
    directory: &str,
) -> OutboundTarget {
    OutboundTarget::Sftp {
        // Where the secret lies is for whoever plans the program that reads it.
        server: files.server(address, authentication, PathBuf::new()),
        directory: directory.to_owned(),
    }
}

fn authentication(written: &AuthenticationDocument) -> Option<Authentication> {
    Some(match written {
        AuthenticationDocument::None => Authentication::None,
        AuthenticationDocument::Bearer(one) => Authentication::Bearer {
            secret: one.secret.value()?,
        },
        AuthenticationDocument::Hmac(one) => Authentication::Hmac {
            header: one.header.get()?.0.clone(),
            scheme: one.scheme.or(SignatureScheme::Body),
            secret: one.secret.value()?,
        },
        AuthenticationDocument::Basic(one) => Authentication::Basic {
            secret: one.secret.value()?,
        },
        AuthenticationDocument::MutualTls(one) => Authentication::MutualTls {
            secret: one.secret.value()?,
        },
        AuthenticationDocument::SshKey(one) => Authentication::SshKey {
            secret: one.secret.value()?,
        },
    })
}
