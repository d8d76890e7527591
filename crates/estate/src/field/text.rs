//! Text of a certain form.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Field, checked, text_of};
use crate::{code, node::Node, problems::Problems};

/// Free text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) String);

/// The longest free text.
const LINE_CHARS_MAX: usize = 200;

impl Field for Line {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "text", problems)?;
        let plain = |c: char| !c.is_control();
        if text.is_empty() || text.chars().count() > LINE_CHARS_MAX || !text.chars().all(plain) {
            problems
                .error(
                    code::BAD_VALUE,
                    node.span,
                    "this text is empty, too long or has control characters",
                )
                .help(format!("write one line of 1 to {LINE_CHARS_MAX} characters"))
                .done();
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": LINE_CHARS_MAX })
    }
}

/// Text that only needs one rule.
macro_rules! ruled_texts {
    ($(
        #[doc = $doc:literal]
        $name:ident $what:literal: $pattern:literal, max $max:literal, example $example:literal, $rule:expr, $help:literal;
    )*) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) String);

        impl Field for $name {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                let rule: fn(&str) -> bool = $rule;
                checked(node, $what, $help, problems, |text| {
                    ((1..=$max).contains(&text.len()) && rule(text)).then(|| Self(text.to_owned()))
                })
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "maxLength": $max })
            }

            fn example() -> Option<&'static str> {
                Some($example)
            }
        }
    )*};
}

ruled_texts! {
    /// An address of EDI.
    EdiAddressText "an EDI address": "^[A-Za-z0-9._-]{0,4}:[A-Za-z0-9._-]{1,15}$", max 20, example "ZZ:EXAMPLEBUYER",
        |text| text.parse::<types::settings::EdiAddress>().is_ok(),
        "write code list and address, such as `ZZ:EXAMPLEBUYER`";
    /// The text of a template for what leaves the ERP.
    TemplateText "a template": "^format: plimsoll-mapping/1", max 65536, example "format: plimsoll-mapping/1 …",
        |text| text.starts_with("format: plimsoll-mapping/1\n"),
        "write the text of a mapping file behind `|`; it begins with `format: plimsoll-mapping/1`";
    /// Where EDI documents go.
    EdiDestination "a destination": "^(https://|http://(127\\.0\\.0\\.1|localhost)[:/]|file:///)[!-~]+$", max 200, example "https://edi.example.net/in",
        |text| text.bytes().all(|b| b.is_ascii_graphic())
            && ["https://", "http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "file:///"]
                .iter()
                .any(|scheme| text.starts_with(scheme) && text.len() > scheme.len()),
        "write `https://…`, `file:///directory`, or `http://127.0.0.1:…` for a partner that runs on this machine";
    /// Name of a tag, of a secret in a vault and of whatever else Azure calls by letters, digits and hyphens.
    Key "a key of letters, digits and hyphens": "^[A-Za-z0-9][A-Za-z0-9-]*$", max 127, example "cost-centre",
        |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !text.starts_with('-'),
        "use 1 to 127 letters, digits and hyphens, as in `cost-centre`";

    /// Name of an HTTP header.
    HeaderName "the name of an HTTP header": "^[A-Za-z0-9-]+$", max 64, example "X-Signature",
        |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        "write a name such as `X-Signature`";

    /// A directory, on a partner's server or on this machine.
    DirectoryPath "a directory": "^/?[^/]+(/[^/]+)*/?$", max 200, example "/outgoing/orders",
        |text| {
            let inside = text.strip_prefix('/').unwrap_or(text);
            let inside = inside.strip_suffix('/').unwrap_or(inside);
            !text.contains(char::is_control) && inside.split('/').all(|part| !part.is_empty() && part != "..")
        },
        "write a path such as `/outgoing/orders`, without `..`";

    /// How a name ends that is still being written.
    Ending "the ending of a name": "^[A-Za-z0-9._-]+$", max 20, example ".part",
        |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')),
        "write an ending such as `.part`";

    /// Fingerprint of an SSH host key.
    HostKey "the fingerprint of a host key": "^SHA256:[A-Za-z0-9+/]{43}$", max 50, example "SHA256:…",
        |text| text.strip_prefix("SHA256:").is_some_and(|rest| {
            rest.len() == 43 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        }),
        "write `SHA256:` and 43 characters, as `ssh-keygen -lf` prints it";

    /// Fingerprint of a certificate.
    CertificateFingerprint "the fingerprint of a certificate": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$", max 95, example "AB:CD:…",
        |text| text.split(':').count() == 32
            && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit())),
        "write 32 pairs of hexadecimal digits, as `openssl x509 -noout -fingerprint -sha256` prints them";

    /// Digest of an image.
    Digest "the digest of an image": "^sha256:[0-9a-f]{64}$", max 71, example "sha256:…",
        |text| text.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        }),
        "write `sha256:` and 64 hexadecimal digits in lowercase, as `crane digest` prints it";

    /// Code of a policy.
    PolicyCode "the code of a policy": "^PL[0-9]{4}$", max 6, example "PLxxxx",
        |text| text.len() == 6 && text.strip_prefix("PL").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())),
        "write `PL` and four digits, as the policy's finding shows it";
}

/// Whether this is a JSON pointer (RFC 6901), without the empty one: the whole document is no key.
pub(crate) fn pointer(text: &str) -> bool {
    let tail_is_escaped = |part: &str| part.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.len() <= 200
        && text.strip_prefix('/').is_some_and(|path| {
            path.split('/')
                .all(|part| !part.is_empty() && tail_is_escaped(part))
        })
        && !text.contains(char::is_control)
}

/// Where in a message something is found.
#[derive(Clone, Debug)]
pub(crate) struct Pointer(pub(crate) String);

impl Field for Pointer {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write a path such as `/order/number`";
        checked(node, "a JSON pointer", help, problems, |text| {
            pointer(text).then(|| Self(text.to_owned()))
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(/[^/]+)+$", "maxLength": 200 })
    }

    fn example() -> Option<&'static str> {
        Some("/order/number")
    }
}
