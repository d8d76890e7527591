//! Files that are exchanged with a partner.

use types::Span;

use super::IntegrationItem;
use crate::{
    code,
    field::Given,
    model::{Direction, FileFormat, Protocol},
    problems::Problems,
};

/// A partner's server that is asked more often takes it for an attack.
const EVERY_MIN: Span = Span::from_secs(1);

pub(super) fn check(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let name = one.written.name.span().unwrap_or(one.span);
    let (protocol, inbound) = (one.model.protocol, one.model.direction == Direction::Inbound);
    let exchanged = matches!(protocol, Protocol::Sftp | Protocol::FileDrop);
    let leaves = !inbound && exchanged && one.written.outbound.get().is_some();
    if leaves && !says_where(one) {
        let message = format!("nobody knows where the files of `{}` go", one.model.name);
        let help = "add `files` with the `directory` and the `hostKeys` of the partner's server, or `to: file:///directory` to `outbound`";
        problems.error(code::NOT_SAID, name, message).help(help).done();
    }
    let Some((files, span)) = one.model.files.as_ref().zip(one.written.files.span()) else {
        if exchanged && inbound && one.written.files.is_absent() {
            let message = format!("nobody knows where the files of `{}` lie", one.model.name);
            let help =
                "add `files` with the `directory`, and with `sftp` the `hostKeys` of the partner's server";
            problems.error(code::NOT_SAID, name, message).help(help).done();
        }
        return;
    };
    if !exchanged {
        problems
            .error(code::MISPLACED, span, "requests are no files")
            .help("say `protocol: sftp` or `file-drop`, or take `files` out")
            .done();
        return;
    }
    let written = one.written.files.get().map(|files| &files.host_keys);
    let broken = matches!(written, Some(Given::Broken));
    if protocol == Protocol::Sftp && files.host_keys.is_empty() && !broken {
        problems
            .error(code::NOT_SAID, span, "nobody knows which server is the partner's")
            .help("add `hostKeys: [SHA256:…]`, as the partner tells them: no other server is spoken to")
            .done();
    }
    if protocol == Protocol::FileDrop {
        check_drop(one, problems);
    } else if !inbound {
        check_sent(one, problems);
    }
    if files.format != FileFormat::Json && one.written.edi.is_absent() {
        problems
            .error(
                code::NOT_SAID,
                span,
                "nobody knows what was agreed on about these interchanges",
            )
            .help("add `edi` with `us`, `them` and `erpPartner`, or take `format` out")
            .done();
    }
    if files.every < EVERY_MIN {
        problems
            .error(
                code::BAD_VALUE,
                span,
                format!("the directory is looked at every {}", files.every),
            )
            .help("write 1s or more")
            .done();
    }
}

/// Whether it is said where files go, if only by something that is wrong and told of.
fn says_where(one: &IntegrationItem<'_>) -> bool {
    let to = one.written.outbound.get().is_some_and(|out| !out.to.is_absent());
    to || (one.model.protocol == Protocol::Sftp && !one.written.files.is_absent())
}

/// Files that are sent are named and written by us: most of what can be said of files is about those that are fetched.
fn check_sent(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some(written) = one.written.files.get() else {
        return;
    };
    let of_fetched = [
        written.format.span(),
        written.after.span(),
        written.every.span(),
        written.temporary.span(),
    ];
    for span in of_fetched.into_iter().flatten() {
        problems
            .error(code::MISPLACED, span, "this is about files that are fetched")
            .help("take it out: what is in a file that leaves, `outbound` says")
            .done();
    }
    let to = one.written.outbound.get().and_then(|out| out.to.span());
    if let Some(span) = to {
        problems
            .error(code::MISPLACED, span, "`files` says already where they go")
            .help("take `to` or `files` out")
            .done();
    }
}

fn check_drop(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some((files, span)) = one.model.files.as_ref().zip(one.written.files.span()) else {
        return;
    };
    if one.model.direction == Direction::Outbound {
        problems
            .error(code::PROTOCOL, span, "nothing is sent by `file-drop`")
            .help("say `direction: inbound`, or `protocol: sftp`")
            .done();
    }
    if !files.directory.starts_with('/') {
        problems
            .error(
                code::BAD_VALUE,
                span,
                format!("`{}` is below no directory that is known", files.directory),
            )
            .help("write the whole path of the directory, such as `/srv/exchange/acme`")
            .done();
    }
    if !files.host_keys.is_empty() {
        problems
            .error(code::MISPLACED, span, "there is no server in `file-drop`")
            .help("take `hostKeys` out, or say `protocol: sftp`")
            .done();
    }
}
