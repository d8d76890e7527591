//! Who may do what, and where secrets are.

use std::collections::BTreeMap;

use serde::Serialize;
use types::Span;

/// Who may do what. People are in directory groups; nobody is named here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// What each persona has; personas that are not declared have nothing.
    pub personas: BTreeMap<Persona, PersonaGrant>,
}

/// A kind of person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// Works in a warehouse.
    WarehouseOperator,
    /// Plans what is bought and shipped.
    Planner,
    /// Invoices and closes.
    Finance,
    /// Helps the others.
    Support,
    /// Looks after integrations.
    IntegrationAdministrator,
    /// Runs the platform.
    PlatformOperator,
    /// May authorise a failover.
    RecoveryAuthority,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Persona {
    /// Whether its rights can change the platform, or what passes it.
    pub const fn changes_the_platform(self) -> bool {
        match self {
            Self::IntegrationAdministrator | Self::PlatformOperator | Self::RecoveryAuthority => true,
            Self::WarehouseOperator | Self::Planner | Self::Finance | Self::Support | Self::Auditor => false,
        }
    }

    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WarehouseOperator,
        Self::Planner,
        Self::Finance,
        Self::Support,
        Self::IntegrationAdministrator,
        Self::PlatformOperator,
        Self::RecoveryAuthority,
        Self::Auditor,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WarehouseOperator => "warehouse-operator",
            Self::Planner => "planner",
            Self::Finance => "finance",
            Self::Support => "support",
            Self::IntegrationAdministrator => "integration-administrator",
            Self::PlatformOperator => "platform-operator",
            Self::RecoveryAuthority => "recovery-authority",
            Self::Auditor => "auditor",
        }
    }
}

/// What a persona has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonaGrant {
    /// Name of the Entra group; its object id is a variable of the Terraform stacks.
    pub group: String,
    /// Whether it has its rights always, or asks for them.
    pub elevation: Elevation,
}

/// Whether rights are there always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elevation {
    /// Always. Only for personas that cannot change the platform.
    Standing,
    /// Asked for, with a reason, for a limited time.
    JustInTime {
        /// At most this long.
        duration_max: Span,
        /// The persona that approves; `None` means that asking is enough (and recorded).
        approved_by: Option<Persona>,
    },
}

/// A secret: where it is, never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// Its name in the region's Key Vault.
    pub vault_key: String,
    /// It is replaced at least this often.
    pub rotate: Span,
    /// Who replaces it.
    pub owner: Option<String>,
}
