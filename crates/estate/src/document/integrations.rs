//! Partners, and the streams of messages between them and the ERP.

use ipnet::Ipv4Net;
use types::settings::{Duplicates, EdiDocument, IdempotencySource, Payloads, Priority, SignatureScheme};
use types::{ByteSize, IntegrationName, PartnerName, SecretName, SiteName, Span, TenantName};

use crate::{
    field::{
        CertificateFingerprint, Count, DirectoryPath, EdiAddressText, EdiDestination, Ending, Endpoint,
        HeaderName, HostKey, Line, List, Mail, Pointer, TemplateText, Whole, tagged,
    },
    model::{Criticality, Direction, FileEnd, FileFormat, Language, PrinterLanguage, Protocol},
    words::MessageKind,
};

use super::mapping::mapping;

mapping! {
    /// A partner.
    PartnerDocument "a partner" {
        /// Name that integrations refer to.
        Required "name" name: PartnerName,
        /// Name for people; by default made of the name.
        Optional "displayName" display_name: Line,
        /// Whom to tell in an outage.
        Optional "contact" contact: Mail,
        /// In which language it is written to after an outage or a loss; by default `en`.
        Optional "language" language: Language,
        /// Addresses it calls from; by default any.
        Optional "addresses" addresses: List<Ipv4Net>,
    }

    /// One stream of messages between a partner and the ERP.
    IntegrationDocument "an integration" {
        /// Name, the last part of the address partners post to: `/in/NAME`.
        Required "name" name: IntegrationName,
        /// The tenant it belongs to; by default the only one.
        Optional "tenant" tenant: TenantName,
        /// The partner.
        Optional "partner" partner: PartnerName,
        /// Which way messages go; by default `inbound`.
        Optional "direction" direction: Direction,
        /// How they travel; by default `https-json`.
        Optional "protocol" protocol: Protocol,
        /// What the ERP does with a message, such as `order.create`.
        Required "kind" kind: MessageKind,
        /// Where the key is found that makes a repeated message harmless.
        Required "idempotency" idempotency: IdempotencySource,
        /// Messages with the same value at this JSON pointer are applied in their order; by default order does not matter.
        Optional "ordering" ordering: Pointer,
        /// How the partner proves who it is; by default a bearer token, the secret `NAME-token`. None for printers.
        Optional "authentication" authentication: AuthenticationDocument,
        /// Where outbound messages go, or where a partner's files are fetched, as `host:port`; needed for both.
        Optional "address" address: Endpoint,
        /// Larger messages are refused; by default 1MiB.
        Optional "bodyMax" body_max: ByteSize,
        /// Messages delivered to the ERP at the same time; by default 2. They are begun in order; one that must be tried again falls behind.
        Optional "concurrency" concurrency: Count,
        /// Messages per second that are let through; by default as many as the other side takes.
        Optional "rateMax" rate_max: Whole<1, 100_000>,
        /// How much of the ERP's time it gets when there is not enough for all; by default what goods stand still without comes `first`, reports, master data and what is `deferrable` `last`.
        Optional "priority" priority: Priority,
        /// Trying again.
        Optional "retry" retry: RetryDocument,
        /// Outages that must be survived without losing a message.
        Optional "buffering" buffering: BufferingDocument,
        /// How bad an outage is; by default `important`.
        Optional "criticality" criticality: Criticality,
        /// Payloads are kept this long after they were applied; by default 35d.
        Optional "keep" keep: Span,
        /// What people are shown of its messages by `plimsoll gateway`; by default `redacted`: their shape, and no value.
        Optional "payloads" payloads: Payloads,
        /// Never shown of a message, also with `payloads: visible`: JSON pointers in which `*` stands for any one key or place.
        Optional "masked" masked: List<Pointer>,
        /// Who answers for it.
        Optional "owner" owner: Line,
        /// Where files lie, with `protocol: sftp` or `file-drop`.
        Optional "files" files: FilesDocument,
        /// What was agreed on with a partner who speaks `x12` or `edifact`.
        Optional "edi" edi: EdiDocumentAgreement,
        /// What leaves the ERP through an integration with `direction: outbound` that does not speak EDI; without it, nothing does.
        Optional "outbound" outbound: OutboundDocument,
        /// Whose scans it takes, with `protocol: scanner`.
        Optional "scanner" scanner: ScannerDocument,
    }

    /// Scans of a site, forwarded by its edge agent.
    ScannerDocument "scans of a site" {
        /// The site; it has an `edge`, and no other integration takes its scans.
        Required "site" site: SiteName,
        /// A scan is held back at most this long because one before it has not arrived; then it is delivered, and an alarm stands. By default 5m.
        Optional "waitForGap" wait_for_gap: Span,
        /// Code of the site's warehouse in the ERP, for counts.
        Optional "warehouse" warehouse: Line,
        /// Texts of mapping files that make commands of scans, tried before the built-in ones for `receive`, `ship` and `count`.
        Optional "mappings" mappings: List<TemplateText>,
    }

    /// What leaves the ERP through an integration that does not speak EDI.
    OutboundDocument "what leaves the ERP" {
        /// Events of the ERP that it is for, such as `shipment.done`; by default the integration's `kind`. Labels (`label.print`) name their printer themselves.
        Optional "events" events: List<MessageKind>,
        /// Where they go, unless that is a printer or an SFTP server: `https://…`, or `file:///directory`; by default the integration's `address`, with `sftp` into the `directory` of `files` there.
        Optional "to" to: EdiDestination,
        /// Texts of mapping files that make messages of events; an event that none of them is for goes out as it is.
        Optional "templates" templates: List<TemplateText>,
        /// How a printer is spoken to; by default `raw`, which is port 9100.
        Optional "printer" printer: PrinterLanguage,
        /// SHA-256 fingerprints of the printer's certificate, several while it changes; by default an authority has to vouch for it that the gateway's machine trusts. For `ipps` printers.
        Optional "certificates" certificates: List<CertificateFingerprint>,
        /// What is done about a label of which nobody knows whether it was printed; by default `ask`: it waits for a person. For `raw` printers.
        Optional "duplicates" duplicates: Duplicates,
        /// Whether a printer is asked how it is before and after each label (`~HS`, of ZPL); by default not. For `raw` printers.
        Optional "status" status: bool,
    }

    /// Where files lie that are exchanged with a partner, and what becomes of them.
    FilesDocument "files" {
        /// The directory in which files are fetched, or put by an outbound integration: on the partner's server, or, with `file-drop`, of the machine that the gateway runs on.
        Required "directory" directory: DirectoryPath,
        /// Our name on the partner's server; by default the integration's.
        Optional "user" user: Line,
        /// Fingerprints of the server's host keys (Ed25519 or ECDSA); needed with `sftp`, and no other server is spoken to.
        Optional "hostKeys" host_keys: List<HostKey>,
        /// What is in a file; by default `json`.
        Optional "format" format: FileFormat,
        /// What becomes of a file that was stored; by default `move`: it is renamed into `done/` below the directory.
        Optional "after" after: FileEnd,
        /// It is looked at so often; by default 30s. A file is taken when it was the same twice.
        Optional "every" every: Span,
        /// Names with these endings are still being written; by default `.part`, `.partial`, `.filepart` and `.tmp`.
        Optional "temporary" temporary: List<Ending>,
    }

    /// What was agreed on with a partner that speaks EDI.
    EdiDocumentAgreement "an EDI agreement" {
        /// Our address, as code list and address: `ZZ:EXAMPLESELLER`.
        Required "us" us: EdiAddressText,
        /// The partner's address.
        Required "them" them: EdiAddressText,
        /// The partner in the ERP: its reference or external id.
        Required "erpPartner" erp_partner: Line,
        /// Code of the warehouse that delivers; by default the ERP chooses.
        Optional "warehouse" warehouse: Line,
        /// Whether orders are confirmed as they come in; by default they wait for a person.
        Optional "confirm" confirm: bool,
        /// Documents that are sent when something happens in the ERP; by default none.
        Optional "send" send: List<EdiDocument>,
        /// Where they go: `https://…`, or `file:///directory`.
        Optional "to" to: EdiDestination,
        /// Where they go instead, with `protocol: sftp`: the directory on the partner's server into which they are put.
        Optional "directory" directory: DirectoryPath,
        /// The partner acknowledges what is sent within this time, or an alarm stands; by default 4h.
        Optional "answerWithin" answer_within: Span,
        /// Whether it is a test; by default not.
        Optional "test" test: bool,
    }

    /// Trying again.
    RetryDocument "retry" {
        /// First after this long, then twice as long; by default 1s.
        Optional "first" first: Span,
        /// At most this long between tries; by default 5m.
        Optional "longest" longest: Span,
        /// A message that still fails after this long goes to the dead letters; by default 1d, or as long as the outage that must be survived.
        Optional "giveUp" give_up: Span,
    }

    /// Outages that must be survived without losing a message.
    BufferingDocument "buffering" {
        /// The longest outage of the other side; by default 1d.
        Optional "outage" outage: Span,
        /// Messages per hour in a busy hour; by default 1000.
        Optional "messagesPerHour" messages_per_hour: Whole<1, 100_000_000>,
    }

    /// A secret, by its name.
    CredentialDocument "a credential" {
        /// Name of the secret.
        Required "secret" secret: SecretName,
    }

    /// A keyed hash of the body in a header.
    HmacDocument "a keyed hash" {
        /// The header.
        Required "header" header: HeaderName,
        /// What is signed and how it is written; by default `body`.
        Optional "scheme" scheme: SignatureScheme,
        /// Name of the secret with the key.
        Required "secret" secret: SecretName,
    }
}

tagged! {
    /// How a partner proves who it is.
    AuthenticationDocument "an authentication" {
        words {
            /// None, for printers inside a site.
            "none" None,
        }
        keys {
            /// A bearer token.
            "bearer" Bearer(CredentialDocument),
            /// A keyed hash of the body in a header.
            "hmac" Hmac(HmacDocument),
            /// A name and a password, as `name:password`.
            "basic" Basic(CredentialDocument),
            /// A client certificate; the secret is the partner's authority.
            "mutualTls" MutualTls(CredentialDocument),
            /// An SSH key, for SFTP.
            "sshKey" SshKey(CredentialDocument),
        }
    }
}
