//! Who may do what, and where secrets are.

use types::{SecretName, Span};

use crate::{
    field::{Key, Line, List, tagged},
    model::Persona,
};

use super::mapping::mapping;

mapping! {
    /// Who may do what. People are in directory groups; nobody is named here.
    AccessDocument "access" {
        /// What each persona has; those that are not there have nothing.
        Required "personas" personas: List<PersonaDocument>,
    }

    /// What a persona has.
    PersonaDocument "a persona" {
        /// The persona.
        Required "name" name: Persona,
        /// Name of the Entra group.
        Required "group" group: Line,
        /// Whether it has its rights always; by default on request for 8 hours where they change the platform.
        Optional "elevation" elevation: ElevationDocument,
    }

    /// Rights for a limited time.
    JustInTimeDocument "rights on request" {
        /// At most this long; by default 8h.
        Optional "durationMax" duration_max: Span,
        /// The persona that approves; by default asking is enough, and recorded.
        Optional "approvedBy" approved_by: Persona,
    }

    /// A secret: where it is, never what it is.
    SecretDocument "a secret" {
        /// Name that integrations and alert routes refer to.
        Required "name" name: SecretName,
        /// Its name in the region's Key Vault; by default the same.
        Optional "vaultKey" vault_key: Key,
        /// It is replaced at least this often; by default 90d.
        Optional "rotate" rotate: Span,
        /// Who replaces it.
        Optional "owner" owner: Line,
    }
}

tagged! {
    /// Whether rights are there always.
    ElevationDocument "an elevation" {
        words {
            /// Always; only for personas that cannot change the platform.
            "standing" Standing,
        }
        keys {
            /// Asked for, with a reason, for a limited time.
            "justInTime" JustInTime(JustInTimeDocument),
        }
    }
}
