//! One partner's desk: what was agreed on, and what one interchange at a time needs.

use std::path::PathBuf;

use mapping::{Given, Mapping};
use types::{
    IntegrationName, InvalidName, PartnerName,
    settings::{EdiSettings, IntegrationSettings},
};

use crate::outbound::{Agreed, Tray};

/// One partner's desk.
pub struct Desk {
    /// What was agreed on.
    pub settings: EdiSettings,
    /// With whom: where no partner is named, the integration stands for it.
    partner: PartnerName,
    /// Mappings, the partner's own first.
    pub mappings: Vec<Mapping>,
    /// What mappings may ask for by name.
    pub given: Given,
    /// What is on its way out; held while an interchange comes in.
    pub tray: Tray,
}

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The integration's name cannot stand for a partner.
    #[error("nobody can be named as the partner of {integration}")]
    Partner {
        /// Which integration.
        integration: IntegrationName,
        /// Why.
        #[source]
        source: InvalidName,
    },
    /// A mapping file cannot be read.
    #[error("cannot read the mapping {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A mapping file is none.
    #[error("cannot use the mapping {name}")]
    Mapping {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: mapping::FileError,
    },
}

impl Desk {
    /// The desk of an integration, if it is one that speaks EDI.
    ///
    /// # Errors
    /// [`DeskError`] when a mapping cannot be used.
    pub fn open(integration: &IntegrationSettings) -> Result<Option<Self>, DeskError> {
        let Some(settings) = integration.edi.clone() else {
            return Ok(None);
        };
        let partner = match &integration.lane.partner {
            Some(partner) => partner.clone(),
            None => PartnerName::new(integration.name.as_str()).map_err(|source| DeskError::Partner {
                integration: integration.name.clone(),
                source,
            })?,
        };
        let mut mappings = Vec::new();
        for path in &settings.mappings {
            let text = std::fs::read_to_string(path).map_err(|source| DeskError::Read {
                path: path.clone(),
                source,
            })?;
            mappings.push(Mapping::parse(&text).map_err(|source| DeskError::Mapping {
                name: path.display().to_string(),
                source,
            })?);
        }
        let builtin = mapping::builtin().map_err(|source| DeskError::Mapping {
            name: "that is built in".to_owned(),
            source,
        })?;
        mappings.extend(builtin);
        let given = mapping::agreed(&settings.partner, settings.warehouse.as_deref(), settings.confirm);
        Ok(Some(Self {
            settings,
            partner,
            mappings,
            given,
            tray: Tray::default(),
        }))
    }

    /// What was agreed on about acknowledgements.
    pub fn agreed(&self) -> Agreed<'_> {
        Agreed {
            settings: &self.settings,
            partner: self.partner.clone(),
        }
    }
}
