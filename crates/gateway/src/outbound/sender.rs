//! One lane that leaves the ERP and does not speak EDI: what it is told of, what becomes of an event, and how we prove
//! who we are.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mapping::{Form, Given, Mapping, Source, code::Code};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{
    IntegrationName,
    settings::{IntegrationSettings, OutboundSettings, OutboundTarget},
};

use super::{events::Event, target::Credentials, tray::Tray};
use crate::{lock, start::chain};

/// The event that carries a label as the printer takes it; it goes to the printer that its `source` names.
pub const LABEL: &str = "label.print";
/// Copies of one label.
const COPIES_MAX: u32 = 1_000;

/// One lane's sender.
pub struct Sender {
    /// What it was told.
    pub settings: OutboundSettings,
    credentials: Mutex<Arc<Credentials>>,
    /// What is on its way.
    pub tray: Tray,
    /// One that cannot be used stops this lane alone.
    templates: Result<Vec<Mapping>, mapping::FileError>,
    bytes_max: u64,
}

/// Why there is no sender.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The secret cannot be read.
    #[error("cannot read {}", path.display())]
    Secret {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The secret cannot be used.
    #[error("cannot prove who we are to the partner of {integration}: {why}")]
    Credentials {
        /// Of which integration.
        integration: IntegrationName,
        /// Why.
        why: &'static str,
    },
}

/// A message made of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The number that people know it by.
    pub reference: String,
    /// What its bytes are.
    pub media: String,
    /// How often a label is printed.
    pub copies: Option<u32>,
    /// As it leaves.
    pub bytes: Vec<u8>,
}

/// Payload of [`LABEL`].
#[derive(Deserialize)]
struct Label {
    /// `zpl`, `pdf`, or a media type.
    format: String,
    /// Base64.
    data: String,
    copies: u32,
    reference: String,
}

// === impl Sender ===

impl Sender {
    /// The sender of an integration, if something leaves through it.
    ///
    /// # Errors
    /// [`SenderError`].
    pub fn open(integration: &IntegrationSettings) -> Result<Option<Self>, SenderError> {
        let Some(settings) = integration.outbound.clone().filter(|_| integration.only_leaves()) else {
            return Ok(None);
        };
        let templates = settings.templates.iter().map(|text| Mapping::parse(text));
        let templates = templates.collect();
        let credentials = credentials(integration, &settings.target)?;
        Ok(Some(Self {
            settings,
            credentials: Mutex::new(Arc::new(credentials)),
            tray: Tray::default(),
            templates,
            bytes_max: integration.body_max.get(),
        }))
    }

    /// How we prove who we are, by what the secret says now; where it cannot be read, as before.
    pub fn credentials(&self, integration: &IntegrationSettings) -> Arc<Credentials> {
        let mut known = lock(&self.credentials);
        match credentials(integration, &self.settings.target) {
            Ok(fresh) => *known = Arc::new(fresh),
            Err(error) => {
                tracing::warn!(integration = %integration.name, error = %chain(&error), "our secret cannot be read anew");
            }
        }
        Arc::clone(&known)
    }

    /// Why nothing can be made of events now.
    ///
    /// # Errors
    /// A template that cannot be used.
    pub fn check(&self) -> Result<(), &mapping::FileError> {
        self.templates.as_ref().map(drop)
    }

    const fn is_printer(&self) -> bool {
        match &self.settings.target {
            OutboundTarget::RawPrinter { .. } | OutboundTarget::IppPrinter { .. } => true,
            OutboundTarget::Post { .. } | OutboundTarget::Files { .. } | OutboundTarget::Sftp { .. } => false,
        }
    }

    /// Whether events of this kind leave through it.
    pub fn wants(&self, kind: &str) -> bool {
        self.settings.events.iter().any(|wanted| wanted == kind) || (self.is_printer() && kind == LABEL)
    }

    /// What the ERP is to tell it of: labels name their printer themselves.
    pub fn subscribed(&self) -> Vec<&str> {
        let kinds = self.settings.events.iter().map(String::as_str);
        kinds.filter(|kind| *kind != LABEL).collect()
    }

    /// Makes a message of an event; nothing where the conditions of its templates say that it is not for this lane.
    ///
    /// # Errors
    /// What is wrong with it: a person must look.
    pub fn make(&self, event: &Event) -> Result<Option<Message>, String> {
        let made = if event.kind == LABEL && self.is_printer() {
            Some(label(event)?)
        } else {
            self.by_template(event)?
        };
        match made {
            Some(message) if message.bytes.len() as u64 > self.bytes_max => Err(format!(
                "it has {} bytes, and at most {} may leave",
                message.bytes.len(),
                self.bytes_max
            )),
            made => Ok(made),
        }
    }

    fn by_template(&self, event: &Event) -> Result<Option<Message>, String> {
        let source = Source::of_event(event.kind.clone(), event.payload.clone());
        let templates = self.templates.as_ref().map_err(ToString::to_string)?;
        let is_mapped = |one: &Mapping| one.document() == source.document();
        let reference = reference(event);
        if !templates.iter().any(is_mapped) {
            if self.is_printer() {
                return Err("a printer takes labels, and events that a template makes a label of".to_owned());
            }
            let whole = json!({ "id": event.event_id, "kind": event.kind, "payload": event.payload });
            return Ok(Some(Message {
                reference,
                media: media(Form::Json).to_owned(),
                copies: None,
                bytes: whole.to_string().into_bytes(),
            }));
        }
        let given = Given::from([
            ("event".to_owned(), Value::from(event.event_id.as_str())),
            ("kind".to_owned(), Value::from(event.kind.as_str())),
        ]);
        match mapping::write(templates, &source, &given) {
            Ok(written) => Ok(Some(Message {
                reference,
                media: media(written.form).to_owned(),
                copies: None,
                bytes: written.bytes,
            })),
            Err(error) if error.code == Code::NoMapping => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn credentials(
    integration: &IntegrationSettings,
    target: &OutboundTarget,
) -> Result<Credentials, SenderError> {
    match target {
        OutboundTarget::Post { .. } => {}
        OutboundTarget::Files { .. }
        | OutboundTarget::Sftp { .. }
        | OutboundTarget::RawPrinter { .. }
        | OutboundTarget::IppPrinter { .. } => return Ok(Credentials::None),
    }
    let path = &integration.secret_file;
    let secret = std::fs::read_to_string(path).map_err(|source| SenderError::Secret {
        path: path.clone(),
        source,
    })?;
    Credentials::open(integration, &secret).map_err(|why| SenderError::Credentials {
        integration: integration.name.clone(),
        why,
    })
}

const fn media(form: Form) -> &'static str {
    match form {
        Form::Json => "application/json",
        Form::Csv => "text/csv; charset=utf-8",
        Form::Zpl => "application/vnd.zebra-zpl",
    }
}

fn label(event: &Event) -> Result<Message, String> {
    let label = Label::deserialize(&event.payload).map_err(|error| error.to_string())?;
    if !(1..=COPIES_MAX).contains(&label.copies) {
        return Err(format!("{} copies; 1 to {COPIES_MAX} are printed", label.copies));
    }
    let bytes = STANDARD
        .decode(&label.data)
        .map_err(|_| "its data is not base64".to_owned())?;
    let media = match label.format.as_str() {
        "zpl" => media(Form::Zpl).to_owned(),
        "pdf" => "application/pdf".to_owned(),
        other if other.contains('/') && other.bytes().all(|b| b.is_ascii_graphic()) => other.to_owned(),
        other => return Err(format!("`{other}` is neither `zpl`, `pdf` nor a media type")),
    };
    Ok(Message {
        reference: label.reference,
        media,
        copies: Some(label.copies),
        bytes,
    })
}

/// The number that people know an event by.
fn reference(event: &Event) -> String {
    const KEYS: [&str; 5] = ["shipment", "invoice", "report", "reference", "order"];
    let found = KEYS.iter().find_map(|key| event.payload[*key].as_str());
    found.unwrap_or(&event.event_id).to_owned()
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
