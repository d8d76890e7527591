//! Codes of what the gate itself reports; those of policies are written in their packs.

/// A module is not Rego, or asks for something that does not exist.
pub const BAD_REGO: &str = "PL0801";
/// A rule failed while it was evaluated.
pub const EVALUATION: &str = "PL0802";
/// A rule took more steps than it may.
pub const LIMIT: &str = "PL0803";
/// A pack breaks the convention: package, table of policies, codes, shape of findings.
pub const BAD_PACK: &str = "PL0804";
/// A rendered file is not what its name says.
pub const UNREADABLE_FILE: &str = "PL0805";
/// A waiver names a policy or a pack that there is none of.
pub const UNKNOWN_POLICY: &str = "PL0806";
/// A waiver has expired, so that what it waived counts again.
pub const EXPIRED_WAIVER: &str = "PL0807";
/// A waiver cannot be read, or lacks a person, a reason or a sensible expiry.
pub const BAD_WAIVER: &str = "PL0808";
/// A waiver waives nothing.
pub const UNUSED_WAIVER: &str = "PL0809";
