//! What a partner is to be told: facts only, gathered from a report and the estate file, one value for each partner.

use std::collections::BTreeMap;

use api::gateway::reconciliation::{Phantom, PhantomKind, ReconciliationReport, Verdict};
use estate::{Estate, Language};
use serde::Serialize;
use types::{IntegrationName, PartnerName, Timestamp};

/// Everything that a template may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Nothing of it is real.
    pub exercise: bool,
    /// Delivery was interrupted; no data was lost.
    pub outage_only: bool,
    /// By what people find it here.
    pub reference: String,
    /// Who writes.
    pub sender: Party,
    /// Who is written to.
    pub partner: Party,
    /// The partner's integrations that are meant.
    pub streams: Vec<String>,
    /// From when on something may be lost, or delivery was interrupted.
    pub since: String,
    /// Until when; nothing while it lasts.
    pub until: Option<String>,
    /// When the ERP was recovered.
    pub recovered: Option<String>,
    /// Messages of the partner that were delivered again.
    pub replayed: u64,
    /// What the partner must send again.
    pub resend: Vec<Document>,
    /// What does not hold any more.
    pub disregard: Vec<Document>,
    /// What holds as the partner has it.
    pub stands: Vec<Document>,
    /// What nobody has decided about.
    pub open: Vec<Document>,
    /// Gaps in numbers that the partner sees: from, to.
    pub gaps: Vec<String>,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    /// As people call it.
    pub name: String,
    /// Where it is reached.
    pub contact: Option<String>,
}

/// A document, as both sides know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    /// What it is: `855`, `order.create`.
    pub document: String,
    /// The number by which people know it.
    pub number: String,
    /// Under which control number it was exchanged.
    pub control: Option<String>,
    /// When it left.
    pub sent: Option<String>,
    /// What the ERP calls it now.
    pub again: Option<String>,
    /// Why it was refused.
    pub why: Option<String>,
}

/// A dead letter: what an integration's partner must send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The integration.
    pub integration: IntegrationName,
    /// Its key.
    pub id: String,
    /// Why.
    pub why: String,
}

/// A message to one partner, with where it goes and in which language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The partner.
    pub partner: PartnerName,
    /// In its language.
    pub language: Language,
    /// Where it is to be sent.
    pub to: Option<String>,
    /// What it says.
    pub facts: Facts,
}

/// To the minute, in UTC: partners are in other zones.
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// Letters after a recovery: to every partner of whom something was replayed, refused or lost.
pub fn after_a_recovery(
    estate: &Estate,
    reference: &str,
    report: &ReconciliationReport,
    refused: &[Refused],
) -> Vec<Letter> {
    let summary = &report.summary;
    let aftermath = report.aftermath.as_ref();
    let since = aftermath.and_then(|one| one.newest_at).unwrap_or(summary.started);
    let recovered = aftermath.map_or(summary.started, |one| one.began_at);
    let gaps: Vec<String> = aftermath
        .iter()
        .flat_map(|one| &one.numbers)
        .filter(|one| one.count > 0 && matches!(one.kind.as_str(), "invoice" | "order"))
        .map(|one| format!("{} – {}", one.first, one.last))
        .collect();
    let mut letters = Vec::new();
    for (name, streams) in streams(estate) {
        let of = |integration: &IntegrationName| streams.contains(integration);
        let mut facts = begun(estate, &name, &streams, reference);
        facts.since = minute(since);
        facts.until = Some(minute(recovered));
        facts.recovered = Some(minute(recovered));
        let lanes = report.lanes.iter().filter(|lane| of(&lane.integration));
        facts.replayed = lanes.map(|lane| lane.replayed).sum();
        for one in refused.iter().filter(|one| of(&one.integration)) {
            facts.resend.push(document_of(one));
        }
        for phantom in report.phantoms.iter().filter(|one| of(&one.integration)) {
            file(&mut facts, phantom);
        }
        let is_concerned = facts.replayed > 0
            || [&facts.resend, &facts.disregard, &facts.stands, &facts.open]
                .iter()
                .any(|documents| !documents.is_empty());
        if is_concerned {
            facts.gaps.clone_from(&gaps);
            letters.push(letter(estate, name, facts));
        }
    }
    letters
}

/// Letters about an interruption without a loss, to the partners of these integrations.
pub fn about_an_outage(
    estate: &Estate,
    reference: &str,
    integrations: &[IntegrationName],
    since: Timestamp,
    until: Option<Timestamp>,
) -> Vec<Letter> {
    let concerned = streams(estate).into_iter().filter_map(|(name, mut streams)| {
        streams.retain(|one| integrations.contains(one));
        (!streams.is_empty()).then_some((name, streams))
    });
    concerned
        .map(|(name, streams)| {
            let facts = Facts {
                outage_only: true,
                since: minute(since),
                until: until.map(minute),
                ..begun(estate, &name, &streams, reference)
            };
            letter(estate, name, facts)
        })
        .collect()
}

fn letter(estate: &Estate, partner: PartnerName, facts: Facts) -> Letter {
    let known = estate.partners.get(&partner);
    Letter {
        language: known.map_or(Language::En, |one| one.language),
        to: known.and_then(|one| one.contact.clone()),
        partner,
        facts,
    }
}

fn streams(estate: &Estate) -> BTreeMap<PartnerName, Vec<IntegrationName>> {
    let mut streams: BTreeMap<PartnerName, Vec<IntegrationName>> = BTreeMap::new();
    for integration in &estate.integrations {
        if let Some(partner) = &integration.partner {
            streams
                .entry(partner.clone())
                .or_default()
                .push(integration.name.clone());
        }
    }
    streams
}

fn begun(estate: &Estate, partner: &PartnerName, streams: &[IntegrationName], reference: &str) -> Facts {
    let name = estate.partners.get(partner).map(|one| one.display_name.clone());
    Facts {
        exercise: false,
        outage_only: false,
        reference: reference.to_owned(),
        sender: Party {
            name: estate.organisation.display_name.clone(),
            contact: estate.organisation.contact.clone(),
        },
        partner: Party {
            name: name.unwrap_or_else(|| partner.to_string()),
            contact: estate.partners.get(partner).and_then(|one| one.contact.clone()),
        },
        streams: streams.iter().map(ToString::to_string).collect(),
        since: String::new(),
        until: None,
        recovered: None,
        replayed: 0,
        resend: Vec::new(),
        disregard: Vec::new(),
        stands: Vec::new(),
        open: Vec::new(),
        gaps: Vec::new(),
    }
}

fn document_of(refused: &Refused) -> Document {
    Document {
        document: refused.integration.to_string(),
        number: refused.id.clone(),
        control: None,
        sent: None,
        again: None,
        why: Some(refused.why.clone()),
    }
}

/// Puts a phantom where the partner must look for it.
fn file(facts: &mut Facts, phantom: &Phantom) {
    // What has not left is nothing to the partner, unless a person sends it.
    if phantom.kind == PhantomKind::NotInErp && phantom.sent.is_none() {
        return;
    }
    let document = Document {
        document: phantom
            .document
            .clone()
            .unwrap_or_else(|| phantom.integration.to_string()),
        number: phantom.reference.clone().unwrap_or_else(|| phantom.id.clone()),
        control: phantom.control_number.clone(),
        sent: phantom.sent.map(minute),
        again: phantom.again.as_ref().map(|again| again.number.clone()),
        why: None,
    };
    let verdict = phantom.decision.as_ref().map(|decision| decision.verdict);
    match (phantom.kind, verdict) {
        (PhantomKind::NotInErp, None) if !phantom.is_open() => facts.stands.push(document),
        (PhantomKind::NotInErp, Some(Verdict::Accept | Verdict::ReImport)) => facts.stands.push(document),
        (PhantomKind::NotInErp, Some(Verdict::Cancel)) => facts.disregard.push(document),
        // What came in and we have: only a cancelled one is missing here.
        (PhantomKind::NotInJournal | PhantomKind::OtherBody, Some(Verdict::Cancel)) => {
            facts.resend.push(document)
        }
        (PhantomKind::NotInJournal | PhantomKind::OtherBody, Some(Verdict::Accept | Verdict::ReImport)) => {}
        (PhantomKind::NotInErp | PhantomKind::NotInJournal | PhantomKind::OtherBody, None) => {
            facts.open.push(document)
        }
    }
}
