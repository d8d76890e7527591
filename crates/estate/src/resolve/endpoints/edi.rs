//! What was agreed on with partners who speak EDI, and where documents for them go.

use super::IntegrationItem;
use crate::{
    code,
    model::{FileFormat, Protocol},
    problems::Problems,
};

pub(super) fn check(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some(span) = one.written.edi.span() else {
        return;
    };
    let format = one.model.files.as_ref().map(|files| files.format);
    let in_files = matches!(format, Some(FileFormat::X12 | FileFormat::Edifact));
    if !in_files && !matches!(one.model.protocol, Protocol::X12 | Protocol::Edifact) {
        problems
            .error(
                code::MISPLACED,
                span,
                "only X12 and EDIFACT have an EDI agreement",
            )
            .help(
                "say `protocol: x12` or `edifact`, or the same as the `format` of `files`; or take `edi` out",
            )
            .done();
    }
    check_directory(one, problems);
    let Some(edi) = &one.model.edi else { return };
    let directory = one.written.edi.get().map(|edi| &edi.directory);
    let told = edi.to.is_some() || directory.is_some_and(|directory| !directory.is_absent());
    if !edi.send.is_empty() && !told {
        let help = match one.model.protocol {
            Protocol::Sftp => "add the `directory` on the partner's server into which they are put",
            Protocol::X12
            | Protocol::Edifact
            | Protocol::FileDrop
            | Protocol::HttpsJson
            | Protocol::Printer
            | Protocol::Scanner => "add `to`, such as `https://edi.example.net/in`",
        };
        problems
            .error(
                code::ENDPOINT,
                span,
                format!("nobody knows where the documents of `{}` go", one.model.name),
            )
            .help(help)
            .done();
    }
}

fn check_directory(one: &IntegrationItem<'_>, problems: &mut Problems<'_>) {
    let Some(edi) = one.written.edi.get() else { return };
    let Some(span) = edi.directory.span() else { return };
    if one.model.protocol != Protocol::Sftp {
        problems
            .error(
                code::MISPLACED,
                span,
                "there is no server on which this directory could be",
            )
            .help("say `protocol: sftp`, or write where they go as `to`")
            .done();
        return;
    }
    if !edi.to.is_absent() {
        problems
            .error(code::MISPLACED, span, "`to` says already where they go")
            .help("take `to` or `directory` out")
            .done();
    }
    let Some((directory, files)) = edi.directory.get().zip(one.model.files.as_ref()) else {
        return;
    };
    if directory.0.trim_end_matches('/') == files.directory.trim_end_matches('/') {
        problems
            .error(
                code::ENDPOINT,
                span,
                format!(
                    "what is put into `{}` would be fetched as the partner's",
                    directory.0
                ),
            )
            .help("write another directory than that of `files`")
            .done();
    }
}
