//! Capabilities that wait for each other, and promises that what they wait for cannot keep.

use std::collections::BTreeMap;

use types::{CapabilityName, IntegrationName, Span, TierName};

use super::assemble::{Draft, Item};
use crate::{
    SourceSpan, code,
    document::CapabilityDocument,
    field::Located,
    model::{Capability, Criticality, Integration, Tier},
    problems::Problems,
};

type CapabilityItem<'d> = Item<'d, CapabilityDocument, Capability>;

/// Who promises this must not depend on what somebody looks at some day.
const RTO_STRICT: Span = Span::from_hours(1);

/// What is known about capabilities and what they stand on.
struct Known<'k, 'd> {
    capabilities: BTreeMap<&'k CapabilityName, &'k CapabilityItem<'d>>,
    tiers: BTreeMap<&'k TierName, &'k Tier>,
    integrations: BTreeMap<&'k IntegrationName, (&'k Integration, SourceSpan)>,
}

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let known = Known {
        capabilities: draft
            .capabilities
            .iter()
            .map(|one| (&one.model.name, one))
            .collect(),
        tiers: draft.tiers.models().map(|(name, tier)| (name, tier)).collect(),
        integrations: draft
            .integrations
            .iter()
            .map(|one| {
                (
                    &one.model.name,
                    (&one.model, one.written.name.span().unwrap_or(one.span)),
                )
            })
            .collect(),
    };
    known.check_cycles(draft, problems);
    for one in draft.capabilities.iter() {
        known.check_after(one, problems);
        known.check_integrations(one, problems);
    }
}

impl Known<'_, '_> {
    fn tier(&self, capability: &Capability) -> Option<&Tier> {
        self.tiers.get(&capability.tier).copied()
    }

    /// Takes away what waits for nothing, again and again; what is left goes round in circles.
    fn check_cycles(&self, draft: &Draft<'_>, problems: &mut Problems<'_>) {
        let mut waiting: BTreeMap<&CapabilityName, usize> = BTreeMap::new();
        let mut followers: BTreeMap<&CapabilityName, Vec<&CapabilityName>> = BTreeMap::new();
        for one in draft.capabilities.models() {
            let earlier = one
                .after
                .iter()
                .filter(|name| self.capabilities.contains_key(name));
            let count = waiting.entry(&one.name).or_default();
            for name in earlier {
                *count += 1;
                followers.entry(name).or_default().push(&one.name);
            }
        }
        let mut free: Vec<&CapabilityName> = waiting
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(name, _)| *name)
            .collect();
        while let Some(name) = free.pop() {
            waiting.remove(name);
            for follower in followers.remove(name).unwrap_or_default() {
                if let Some(count) = waiting.get_mut(follower) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(follower);
                    }
                }
            }
        }
        let circle = waiting.keys().find(|name| self.comes_back(name, &waiting));
        let Some(item) = circle.and_then(|name| self.capabilities.get(*name)) else {
            return;
        };
        let names: Vec<String> = waiting.keys().map(|name| format!("`{name}`")).take(8).collect();
        problems
            .error(
                code::CYCLE,
                item.written.after.span().unwrap_or(item.span),
                format!("`{}` waits for itself", item.model.name),
            )
            .here(format!("by way of {}", names.join(", ")))
            .help("take one of them out of `after`: something must work first")
            .done();
    }

    /// Whether a capability that waits is in a circle, and not only behind one.
    fn comes_back(&self, start: &CapabilityName, waiting: &BTreeMap<&CapabilityName, usize>) -> bool {
        let mut open = vec![start];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = open.pop() {
            let after = self
                .capabilities
                .get(name)
                .map_or(&[][..], |one| &one.model.after);
            for earlier in after.iter().filter(|earlier| waiting.contains_key(earlier)) {
                if earlier == start {
                    return true;
                }
                if seen.insert(earlier) {
                    open.push(earlier);
                }
            }
        }
        false
    }

    /// What comes after something cannot be promised earlier, nor with less loss.
    fn check_after(&self, item: &CapabilityItem<'_>, problems: &mut Problems<'_>) {
        let Some(own) = self.tier(&item.model) else { return };
        let place = item.written.tier.span().unwrap_or(item.span);
        let list: &[Located<CapabilityName>] = item
            .written
            .after
            .as_ref()
            .map_or(&[], |list| list.value.as_slice());
        for earlier in list {
            let Some(other) = self.capabilities.get(&earlier.value) else {
                continue;
            };
            let Some(tier) = self
                .tier(&other.model)
                .filter(|_| other.model.name != item.model.name)
            else {
                continue;
            };
            let name = &other.model.name;
            if tier.rto > own.rto {
                problems
                    .error(
                        code::RTO_DEPENDENCY,
                        place,
                        format!("an RTO of {} cannot be kept: `{name}` must work first", own.rto),
                    )
                    .and(earlier.span, format!("promised within {}", tier.rto))
                    .help(format!(
                        "hold `{name}` to `{}` too, this one to `{}`, or do without `after`",
                        item.model.tier, other.model.tier
                    ))
                    .done();
            } else if tier.rpo > own.rpo {
                problems
                    .error(
                        code::RPO_DEPENDENCY,
                        place,
                        format!("an RPO of {} cannot be kept: it builds on `{name}`", own.rpo),
                    )
                    .and(earlier.span, format!("may lose {}", tier.rpo))
                    .help(format!(
                        "hold `{name}` to `{}` too, or this one to `{}`",
                        item.model.tier, other.model.tier
                    ))
                    .done();
            }
        }
    }

    /// Messages must be kept for as long as the capability may be away.
    fn check_integrations(&self, item: &CapabilityItem<'_>, problems: &mut Problems<'_>) {
        let Some(own) = self.tier(&item.model) else { return };
        let list: &[Located<IntegrationName>] = item
            .written
            .depends_on
            .as_ref()
            .map_or(&[], |list| list.value.as_slice());
        for name in list {
            let Some((integration, declared)) = self.integrations.get(&name.value) else {
                continue;
            };
            let outage = integration.buffering.outage;
            if outage < own.rto {
                problems
                    .error(
                        code::RPO_DEPENDENCY,
                        name.span,
                        format!(
                            "`{}` loses messages before an RTO of {} is over",
                            name.value, own.rto
                        ),
                    )
                    .and(*declared, format!("keeps them for {outage}"))
                    .help(format!("raise its `buffering.outage` to {} or more", own.rto))
                    .done();
            }
            if own.rto < RTO_STRICT && integration.criticality == Criticality::Deferrable {
                problems
                    .warning(
                        code::WEAK_DEPENDENCY,
                        name.span,
                        format!(
                            "`{}` must work within {}, and nobody is in a hurry when `{}` does not",
                            item.model.name, own.rto, name.value
                        ),
                    )
                    .and(*declared, "`criticality: deferrable`")
                    .help("raise its `criticality`, or take it out of `dependsOn`")
                    .done();
            }
        }
    }
}
