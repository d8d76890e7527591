//! What went out, or was about to, and what the ERP no longer knows of: held against what it makes anew.
//!
//! A replay makes the ERP do again what it had lost, and it tells so under a new event. The partner has the first
//! document, so the new one is kept back while it may be the same effect:
//!
//! | the ERP's new document, beside a lost one of its kind and order | what is done |
//! | --- | --- |
//! | the same lines and the same number of ours | nothing is sent, and nothing is left to do |
//! | anything else | it waits in the ERP's outbox for a person's decision |
//!
//! After *accept* and *re-import* the first new one with the same lines is not sent, after *cancel* all are. One lost
//! document keeps back one new one for good, so a second shipment of the same goods goes out.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    Problem,
    gateway::reconciliation::{Decision, MadeAgain, Phantom, PhantomKind, Verdict},
};
use bytes::Bytes;
use types::{Timestamp, settings::IntegrationSettings};

use super::{letter::Letter, told::Told};
use crate::{edi::records, gateway::Gateway};

/// A letter whose event the ERP does not know.
#[derive(Clone, Debug)]
pub struct Lost {
    /// What it is.
    pub letter: Letter,
    /// When it was handed over.
    pub sent: Option<Timestamp>,
    /// How often it was lost and made anew before.
    pub times: u64,
    /// What the ERP has made in its place.
    pub again: Option<MadeAgain>,
    /// What a person said.
    pub decision: Option<Decision>,
}

/// All of one partner, by the number of the letter; found at the beginning of a term.
#[derive(Debug, Default)]
pub struct Phantoms {
    lost: BTreeMap<u64, Lost>,
    held: BTreeSet<String>,
    gate: Gate,
}

/// Whether anything goes out while something that the other side has is undecided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Nothing was lost, or a person has opened the lane.
    #[default]
    Open,
    /// Not before everything that was lost is settled or decided about.
    Shut,
}

/// What is to be done with a new event's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is news to the partner.
    Send,
    /// The partner has it as this letter.
    Known(u64),
    /// The partner may have it: a person must say.
    Hold,
}

// === impl Lost ===

impl Lost {
    fn is_settled(&self) -> bool {
        self.again.as_ref().is_some_and(|again| again.settles)
    }

    /// The partner has what a document tells, as far as that can be known.
    fn is(&self, told: &Told) -> bool {
        let Some(own) = &self.letter.told else {
            return false;
        };
        match self.decision.as_ref().map(|decision| decision.verdict) {
            None => own == told,
            Some(Verdict::Accept | Verdict::ReImport) => own.is_like(told),
            Some(Verdict::Cancel) => false,
        }
    }

    fn is_of(&self, document: &str, told: &Told) -> bool {
        let own = self.letter.told.as_ref();
        self.letter.document == document && own.is_some_and(|own| own.order == told.order)
    }

    /// A lower one is a better answer to which lost document an event that is kept back belongs to.
    fn distance(&self, event: &str, told: &Told) -> u8 {
        let like = self.letter.told.as_ref().is_some_and(|own| own.is_like(told));
        match &self.again {
            Some(again) if again.event == event => 0,
            None if like => 1,
            None => 2,
            Some(_) => 3,
        }
    }

    fn shown(&self, settings: &IntegrationSettings) -> Phantom {
        let letter = &self.letter;
        Phantom {
            kind: PhantomKind::NotInErp,
            integration: settings.name.clone(),
            partner: settings.lane.partner.as_ref().map(ToString::to_string),
            id: self.id(),
            document: Some(letter.document.clone()),
            control_number: letter.control(),
            reference: Some(letter.reference.clone()),
            sent: self.sent,
            again: self.again.clone(),
            decision: self.decision.clone(),
        }
    }

    fn id(&self) -> String {
        format!("{}/{}", self.letter.event, self.letter.document)
    }
}

// === impl Phantoms ===

impl Phantoms {
    /// As they were found.
    pub const fn new(lost: BTreeMap<u64, Lost>, gate: Gate) -> Self {
        Self {
            lost,
            held: BTreeSet::new(),
            gate,
        }
    }

    /// Whether nothing goes out now: the other side has something that the ERP has lost, and nobody has said what holds.
    pub fn holds(&self) -> bool {
        let open = |one: &Lost| one.sent.is_some() && one.decision.is_none() && !one.is_settled();
        self.gate == Gate::Shut && self.lost.values().any(open)
    }

    /// A person opens the lane.
    pub const fn open(&mut self) {
        self.gate = Gate::Open;
    }

    /// What is to be done with a document of an event that has none yet.
    pub fn judge(&mut self, event: &str, document: &str, told: Option<&Told>) -> Judgement {
        self.held.remove(event);
        let Some(told) = told else { return Judgement::Send };
        let of_it = |one: &Lost| one.is_of(document, told) && !one.is_settled();
        if let Some((number, _)) = self.lost.iter().find(|(_, one)| of_it(one) && one.is(told)) {
            return Judgement::Known(*number);
        }
        let undecided = self.lost.values_mut();
        let undecided = undecided.filter(|one| of_it(one) && one.decision.is_none());
        let Some(nearest) = undecided.min_by_key(|one| one.distance(event, told)) else {
            return Judgement::Send;
        };
        if nearest.again.is_none() {
            nearest.again = Some(MadeAgain {
                event: event.to_owned(),
                number: told.ours.clone(),
                same: nearest.letter.told.as_ref().is_some_and(|own| own.is_like(told)),
                settles: false,
            });
        }
        self.held.insert(event.to_owned());
        Judgement::Hold
    }

    /// An event that tells what a lost letter told stands for it from now on: remembered upon return.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn settle(
        &mut self,
        gateway: &Gateway,
        integration: &str,
        number: u64,
        event: &str,
        told: Option<&Told>,
    ) -> Result<(), Problem> {
        let Some(lost) = self.lost.get_mut(&number).filter(|lost| !lost.is_settled()) else {
            return Ok(());
        };
        let id = format!("again/{number}/{}", lost.times + 1);
        records::keep(gateway, integration, &id, Bytes::from(event.to_owned())).await?;
        lost.times += 1;
        lost.again = Some(MadeAgain {
            event: event.to_owned(),
            number: told.map(|told| told.ours.clone()).unwrap_or_default(),
            same: true,
            settles: true,
        });
        Ok(())
    }

    /// Writes down what a person decided; the phantom as it stands then, and the letter that is not to be sent any more.
    /// Nothing when there is no such phantom.
    ///
    /// # Errors
    /// When it cannot be stored now.
    pub async fn decide(
        &mut self,
        gateway: &Gateway,
        settings: &IntegrationSettings,
        id: &str,
        decision: &Decision,
    ) -> Result<Option<(Phantom, Option<u64>)>, Problem> {
        let Some((&number, lost)) = self.lost.iter_mut().find(|(_, lost)| lost.id() == id) else {
            return Ok(None);
        };
        if lost.decision.is_none() && !lost.is_settled() {
            let body = serde_json::to_vec(decision).map_err(|error| Problem::failed(error.to_string()))?;
            let record = format!("decision/{number}/{}", lost.times);
            records::keep(gateway, settings.name.as_str(), &record, body.into()).await?;
            lost.decision = Some(decision.clone());
            // What goes out after all is kept back no more.
            lost.again = lost
                .again
                .take()
                .filter(|again| again.same && decision.verdict != Verdict::Cancel);
        }
        let cancelled = lost.sent.is_none()
            && lost
                .decision
                .as_ref()
                .is_some_and(|one| one.verdict == Verdict::Cancel);
        Ok(Some((lost.shown(settings), cancelled.then_some(number))))
    }

    /// Whether a letter that was not handed over must wait for a person.
    pub fn withholds(&self, number: u64) -> bool {
        let lost = self.lost.get(&number);
        lost.is_some_and(|lost| lost.sent.is_none() && lost.decision.is_none() && !lost.is_settled())
    }

    /// A letter was handed over after all.
    pub fn posted(&mut self, number: u64, at: Timestamp) {
        if let Some(lost) = self.lost.get_mut(&number) {
            lost.sent.get_or_insert(at);
        }
    }

    /// Events that wait in the ERP's outbox for a person.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// As people are told.
    pub fn shown(&self, settings: &IntegrationSettings) -> Vec<Phantom> {
        self.lost.values().map(|lost| lost.shown(settings)).collect()
    }
}

#[cfg(test)]
mod tests {
    use edi::control_number::ControlNumber;

    use crate::outbound::letter::Envelope;

    use super::*;

    fn told(ours: &str, content: &str) -> Told {
        Told {
            order: "PO-EXAMPLE-1".to_owned(),
            ours: ours.to_owned(),
            content: content.to_owned(),
        }
    }

    fn lost(document: &str, told: Told, verdict: Option<Verdict>) -> Lost {
        let number = ControlNumber::new(7).unwrap();
        Lost {
            letter: Letter {
                document: document.to_owned(),
                reference: "PO-EXAMPLE-1".to_owned(),
                event: "old".to_owned(),
                edi: Some(Envelope {
                    functional_id: "PR".to_owned(),
                    interchange: number,
                    group: number,
                    set: "0001".to_owned(),
                }),
                at: Timestamp::from_micros(5),
                told: Some(told),
                media: None,
                copies: None,
                order: None,
            },
            sent: Some(Timestamp::from_micros(6)),
            times: 0,
            again: None,
            decision: verdict.map(|verdict| Decision {
                verdict,
                by: "example".to_owned(),
                why: "a trial".to_owned(),
                at: Timestamp::from_micros(7),
            }),
        }
    }

    fn judged(lost: Lost, document: &str, new: &Told) -> Judgement {
        Phantoms::new([(3, lost)].into(), Gate::Open).judge("new", document, Some(new))
    }

    #[test]
    fn a_document_goes_out_unless_the_partner_has_it_or_may_have_it() {
        let own = told("S00042", "x");
        let (same, numbered, other) = (own.clone(), told("S00043", "x"), told("S00042", "y"));
        let elsewhere = Told {
            order: "PO-EXAMPLE-2".to_owned(),
            ..own.clone()
        };
        use Judgement::{Hold, Known, Send};
        use Verdict::{Accept, Cancel, ReImport};
        for (verdict, new, expected) in [
            (None, &same, Known(3)),
            (None, &numbered, Hold),
            (None, &other, Hold),
            (None, &elsewhere, Send),
            (Some(Accept), &same, Known(3)),
            (Some(Accept), &numbered, Known(3)),
            (Some(Accept), &other, Send),
            (Some(ReImport), &numbered, Known(3)),
            (Some(Cancel), &same, Send),
            (Some(Cancel), &numbered, Send),
        ] {
            assert_eq!(
                judged(lost("855", own.clone(), verdict), "855", new),
                expected,
                "{verdict:?} {new:?}"
            );
        }
        assert_eq!(judged(lost("855", own.clone(), None), "856", &same), Send);
        let mut phantoms = Phantoms::new([(3, lost("855", own, None))].into(), Gate::Open);
        assert_eq!(phantoms.judge("new", "855", None), Send, "it speaks of no order");
    }

    #[test]
    fn each_lost_document_keeps_back_one_new_one() {
        let own = told("OUT/7", "x");
        let mut phantoms = Phantoms::new([(3, lost("856", own, None))].into(), Gate::Open);
        for _ in 0..2 {
            assert_eq!(
                phantoms.judge("a", "856", Some(&told("OUT/8", "x"))),
                Judgement::Hold
            );
            assert_eq!(
                phantoms.judge("b", "856", Some(&told("OUT/9", "x"))),
                Judgement::Hold
            );
        }
        assert_eq!(phantoms.held(), 2);
        let again = phantoms.lost[&3].again.clone().unwrap();
        assert_eq!(
            (again.event.as_str(), again.same, again.settles),
            ("a", true, false)
        );
        let decided = lost("856", told("OUT/7", "x"), Some(Verdict::Accept));
        phantoms.lost.get_mut(&3).unwrap().decision = decided.decision;
        assert_eq!(
            phantoms.judge("a", "856", Some(&told("OUT/8", "x"))),
            Judgement::Known(3)
        );
        phantoms.lost.get_mut(&3).unwrap().again = Some(MadeAgain {
            settles: true,
            ..again
        });
        assert_eq!(
            phantoms.judge("b", "856", Some(&told("OUT/9", "x"))),
            Judgement::Send
        );
        assert_eq!(phantoms.held(), 0);
    }

    #[test]
    fn nothing_goes_out_until_everything_is_decided_or_a_person_opens_the_lane() {
        let own = told("S00042", "x");
        let open = [(3, lost("855", own.clone(), None))];
        let mut shut = Phantoms::new(open.clone().into(), Gate::Shut);
        assert!(shut.holds());
        shut.open();
        assert!(!shut.holds());
        assert!(!Phantoms::new(open.into(), Gate::Open).holds());
        let unsent = Lost {
            sent: None,
            ..lost("855", own.clone(), None)
        };
        for settled in [lost("855", own, Some(Verdict::Accept)), unsent] {
            assert!(!Phantoms::new([(3, settled)].into(), Gate::Shut).holds());
        }
    }

    #[test]
    fn a_letter_that_has_not_left_waits_for_a_person() {
        let own = told("S00042", "x");
        let unsent = |verdict| Lost {
            sent: None,
            ..lost("855", own.clone(), verdict)
        };
        for (one, waits) in [
            (unsent(None), true),
            (unsent(Some(Verdict::Accept)), false),
            (lost("855", own.clone(), None), false),
        ] {
            assert_eq!(Phantoms::new([(3, one)].into(), Gate::Open).withholds(3), waits);
        }
        assert!(!Phantoms::default().withholds(3));
    }
}
