//! Streams of messages: what must be said, and what cannot be meant.

use types::{ByteSize, IntegrationName};

use super::{assemble::Draft, items};
use crate::{code, defaults, document::IntegrationDocument, problems::Problems};

/// Larger messages would stall a lane, and the journal copies each one to two regions.
const BODY_MAX: ByteSize = ByteSize::mib(16);

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let several_tenants = items(draft.spec.tenants.as_ref()).len() > 1;
    for one in items(draft.spec.integrations.as_ref()) {
        let written = &one.value;
        check_size(written, problems);
        if let Some(name) = written.name.as_ref() {
            if several_tenants && written.tenant.is_absent() {
                problems
                    .error(
                        code::NOT_SAID,
                        name.span,
                        "there are several tenants, and this integration does not say which it belongs to",
                    )
                    .help("add `tenant`")
                    .done();
            }
            if written.authentication.is_absent() && !has_default_secret(&name.value, written) {
                problems
                    .error(
                        code::NAME_LENGTH,
                        name.span,
                        format!("the name `{}` is too long for a secret of its own", name.value),
                    )
                    .help("shorten it to 57 characters, or name a secret with `authentication`")
                    .done();
            }
        }
    }
}

fn has_default_secret(name: &IntegrationName, written: &IntegrationDocument) -> bool {
    let protocol = written.protocol.or(defaults::PROTOCOL);
    defaults::authentication(name, protocol).is_some()
}

fn check_size(written: &IntegrationDocument, problems: &mut Problems<'_>) {
    let Some(size) = written.body_max.as_ref() else {
        return;
    };
    if size.value > BODY_MAX || size.value.get() == 0 {
        problems
            .error(
                code::BAD_VALUE,
                size.span,
                format!("a message may be at most {BODY_MAX} long, and not 0"),
            )
            .help("send large files by reference: every message is journalled in two regions")
            .done();
    }
}
