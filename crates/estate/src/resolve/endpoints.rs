//! Where outbound messages go, how partners prove who they are, how long is tried.

use types::settings::{IdempotencySource, OutboundTarget, Payloads};

mod edi;
mod files;
mod scanner;

use super::assemble::{Draft, Item};
use crate::{
    code,
    document::IntegrationDocument,
    model::{Authentication, Direction, Integration, PrinterLanguage, Protocol},
    problems::Problems,
};

type IntegrationItem<'d> = Item<'d, IntegrationDocument, Integration>;

/// Names that lead nowhere, or to whoever asks.
const LOCAL_SUFFIXES: [&str; 5] = [".local", ".localhost", ".internal", ".lan", ".home.arpa"];

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for one in draft.integrations.iter() {
        check_address(one, problems);
        check_authentication(one, problems);
        check_idempotency(one, problems);
        check_retry(one, problems);
        check_payloads(one, problems);
        edi::check(one, problems);
        files::check(one, problems);
        check_outbound(one, problems);
        scanner::check(draft, one, problems);
    }
}

fn check_outbound(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some(written) = one.written.outbound.as_ref() else {
        return;
    };
    let model = &one.model;
    let edi = matches!(model.protocol, Protocol::X12 | Protocol::Edifact);
    if model.direction != Direction::Outbound || edi {
        problems
            .error(
                code::MISPLACED,
                written.span,
                "`outbound` is for integrations that leave the ERP and speak no EDI",
            )
            .help("say `direction: outbound`; documents of EDI are sent with `edi`, `send`, and `to` or `directory`")
            .done();
        return;
    }
    let printer = model.protocol == Protocol::Printer;
    let (language, duplicates, status) = (
        &written.value.printer,
        &written.value.duplicates,
        &written.value.status,
    );
    let certificates = written.value.certificates.span();
    let of_printers = language
        .span()
        .or(duplicates.span())
        .or(status.span())
        .or(certificates);
    if let Some(span) = of_printers.filter(|_| !printer) {
        problems
            .error(code::MISPLACED, span, "this is for printers")
            .help("say `protocol: printer`, or take it out")
            .done();
    }
    let of_raw = duplicates.span().or(status.span());
    let language = language.or(PrinterLanguage::Raw);
    if let Some(span) = certificates.filter(|_| printer && language != PrinterLanguage::Ipps) {
        problems
            .error(
                code::MISPLACED,
                span,
                "without TLS a printer shows no certificate",
            )
            .help("say `printer: ipps`, or take `certificates` out")
            .done();
    }
    if let Some(span) = of_raw.filter(|_| printer && language != PrinterLanguage::Raw) {
        problems
            .error(
                code::MISPLACED,
                span,
                "a printer that speaks IPP says what became of each label",
            )
            .help("take `duplicates` and `status` out, or say `printer: raw`")
            .done();
    }
    if let Some(span) = written.value.to.span().filter(|_| printer) {
        problems
            .error(code::MISPLACED, span, "a printer is where `address` says")
            .help("take `to` out")
            .done();
    }
    let posts = matches!(&model.outbound, Some(one) if matches!(one.target, OutboundTarget::Post { .. }));
    if posts && matches!(model.authentication, Authentication::MutualTls { .. }) {
        problems
            .error(
                code::PROTOCOL,
                one.written.authentication.span().unwrap_or(written.span),
                "the gateway has no certificate of its own for what it posts",
            )
            .help("use `bearer`, `hmac` or `basic`")
            .done();
    }
}

fn check_address(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let name = one.written.name.span().unwrap_or(one.span);
    // Files are fetched from a partner's server, or brought there.
    let needed = one.model.direction == Direction::Outbound || one.model.protocol == Protocol::Sftp;
    let elsewhere = one
        .written
        .outbound
        .as_ref()
        .is_some_and(|out| !out.value.to.is_absent());
    let Some((address, span)) = one.model.address.as_ref().zip(one.written.address.span()) else {
        if needed && !elsewhere && one.written.address.is_absent() {
            problems
                .error(
                    code::ENDPOINT,
                    name,
                    format!("nobody knows where `{}` goes", one.model.name),
                )
                .help("add `address` with host and port, such as `edi.example.com:443`")
                .done();
        }
        return;
    };
    if !needed {
        problems
            .error(
                code::MISPLACED,
                span,
                "partners come to us: an inbound integration has no address",
            )
            .help("take `address` out, or say `direction: outbound`")
            .done();
        return;
    }
    let host = address.host.as_str();
    let ip = host.parse::<core::net::Ipv4Addr>().ok();
    let itself = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified());
    let local = LOCAL_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
        || ip.is_some_and(|ip| ip.is_private() || ip.is_link_local());
    if itself {
        problems
            .error(code::ENDPOINT, span, format!("`{host}` is the gateway itself"))
            .help("write where the partner is")
            .done();
    } else if local && one.model.protocol != Protocol::Printer {
        problems
            .error(
                code::ENDPOINT,
                span,
                format!("`{host}` leads somewhere else in each region"),
            )
            .help("write a public name: after a failover the same address must lead to the same partner")
            .done();
    }
}

fn check_authentication(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let name = one.written.name.span().unwrap_or(one.span);
    let span = one.written.authentication.span().unwrap_or(name);
    let model = &one.model;
    if model.protocol == Protocol::Printer && model.direction == Direction::Inbound {
        problems
            .error(
                code::PROTOCOL,
                one.written.protocol.span().unwrap_or(name),
                "printers send nothing",
            )
            .help("say `direction: outbound`")
            .done();
    }
    let fits = match (&model.authentication, model.protocol) {
        (Authentication::SshKey { .. }, protocol) => protocol == Protocol::Sftp,
        (Authentication::Basic { .. }, protocol) => {
            !matches!(protocol, Protocol::Printer | Protocol::FileDrop)
        }
        (Authentication::None, protocol) => matches!(protocol, Protocol::Printer | Protocol::FileDrop),
        (
            Authentication::Bearer { .. } | Authentication::Hmac { .. } | Authentication::MutualTls { .. },
            Protocol::HttpsJson | Protocol::X12 | Protocol::Edifact | Protocol::Scanner,
        ) => true,
        (
            Authentication::Bearer { .. } | Authentication::Hmac { .. } | Authentication::MutualTls { .. },
            Protocol::Sftp | Protocol::FileDrop | Protocol::Printer,
        ) => false,
    };
    if fits {
        return;
    }
    let help = match model.protocol {
        Protocol::Sftp => "use `sshKey` or `basic` for SFTP",
        Protocol::FileDrop => {
            "who may write there is for those who mount it: write `authentication: none`, or nothing"
        }
        Protocol::Printer => "printers know of no proofs: write `authentication: none`, or nothing",
        Protocol::HttpsJson | Protocol::X12 | Protocol::Edifact | Protocol::Scanner => {
            "use `bearer`, `hmac`, `basic` or `mutualTls` over HTTPS"
        }
    };
    problems
        .error(
            code::PROTOCOL,
            span,
            "this proof and this protocol do not go together",
        )
        .help(help)
        .done();
}

fn check_idempotency(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let numbered = one.model.idempotency == IdempotencySource::Sequence;
    let scans = one.model.protocol == Protocol::Scanner;
    if let Some(span) = one.written.idempotency.span().filter(|_| numbered != scans) {
        let (message, help) = if scans {
            (
                "a scan is known by the number that the site's agent gave it",
                "write `idempotency: sequence`",
            )
        } else {
            (
                "only scans of a site are numbered",
                "say `protocol: scanner`, or where the key is found",
            )
        };
        problems.error(code::PROTOCOL, span, message).help(help).done();
        return;
    }
    let headers = match one.model.protocol {
        Protocol::HttpsJson | Protocol::X12 | Protocol::Edifact => {
            if let (IdempotencySource::File, Some(span)) =
                (&one.model.idempotency, one.written.idempotency.span())
            {
                problems
                    .error(code::PROTOCOL, span, "requests are no files")
                    .help("write `{ header: NAME }` or `{ pointer: /path }`")
                    .done();
            }
            return;
        }
        Protocol::Sftp | Protocol::FileDrop => "files",
        Protocol::Printer => "labels",
        Protocol::Scanner => return,
    };
    if let (IdempotencySource::Header(_), Some(span)) =
        (&one.model.idempotency, one.written.idempotency.span())
    {
        problems
            .error(code::PROTOCOL, span, format!("{headers} have no headers"))
            .help("write `idempotency: file`, or name a place in the message: `{ pointer: /number }`")
            .done();
    }
}

/// Who names what must not be shown may take the rest for shown.
fn check_payloads(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some(span) = one.written.masked.span() else {
        return;
    };
    if one.model.payloads.show != Payloads::Visible {
        problems
            .warning(
                code::MASKED,
                span,
                format!("nothing of the messages of `{}` is shown anyway", one.model.name),
            )
            .help("take `masked` out, or say `payloads: visible`")
            .done();
    }
}

fn check_retry(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let retry = one.model.retry;
    let Some(written) = one.written.retry.as_ref() else {
        return;
    };
    let span = |given: Option<crate::SourceSpan>| given.unwrap_or(written.span);
    if retry.first.as_millis() == 0 || retry.first > retry.longest || retry.longest > retry.give_up {
        problems
            .error(
                code::RETRY,
                span(written.value.first.span()),
                format!(
                    "first after {}, then every {}, until {} is over: that is out of order",
                    retry.first, retry.longest, retry.give_up
                ),
            )
            .help("`first` is more than nothing and at most `longest`, which is at most `giveUp`")
            .done();
    }
    let outage = one.model.buffering.outage;
    if retry.give_up < outage {
        problems
            .error(
                code::RETRY,
                span(written.value.give_up.span()),
                format!(
                    "messages are given up after {}, during an outage of {outage} that must be survived",
                    retry.give_up
                ),
            )
            .help(format!("raise `giveUp` to {outage}, or lower `buffering.outage`"))
            .done();
    }
}
