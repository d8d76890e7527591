//! Which numbers of an incarnation are there. Pure.

use std::collections::BTreeMap;

use api::gateway::scans::Gap;

/// Numbers that are there: all up to one, and stretches above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    stored: u64,
    /// From the first to the last of each, with a gap before it.
    beyond: BTreeMap<u64, u64>,
}

impl Counted {
    /// Everything up to a number.
    pub const fn up_to(stored: u64) -> Self {
        Self {
            stored,
            beyond: BTreeMap::new(),
        }
    }

    /// Everything up to this number is there.
    pub const fn stored(&self) -> u64 {
        self.stored
    }

    /// The highest number that is there.
    pub fn highest(&self) -> u64 {
        self.beyond.last_key_value().map_or(self.stored, |(_, to)| *to)
    }

    /// Whether a number is there.
    pub fn has(&self, number: u64) -> bool {
        let stretch = self.beyond.range(..=number).next_back();
        number <= self.stored || stretch.is_some_and(|(_, to)| number <= *to)
    }

    /// A number is there now.
    pub fn arrived(&mut self, number: u64) {
        if self.has(number) {
            return;
        }
        let (mut from, mut to) = (number, number);
        if let Some(before) = self.beyond.range(..number).next_back()
            && before.1 + 1 == number
        {
            from = *before.0;
        }
        if let Some(after) = number.checked_add(1).and_then(|next| self.beyond.remove(&next)) {
            to = after;
        }
        if from == self.stored + 1 {
            self.beyond.remove(&from);
            self.stored = to;
        } else {
            self.beyond.insert(from, to);
        }
    }

    /// What is lacking below the highest number.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> + '_ {
        let before = std::iter::once(self.stored).chain(self.beyond.values().copied());
        before.zip(self.beyond.keys()).map(|(before, from)| Gap {
            from: before + 1,
            to: from - 1,
        })
    }

    /// The last number below another that lacks.
    pub fn last_lacking_before(&self, number: u64) -> Option<u64> {
        let below = number.checked_sub(1)?;
        let stretch = self.beyond.range(..=below).next_back();
        let lacking = match stretch {
            Some((from, to)) if below <= *to => from - 1,
            Some(_) | None => below,
        };
        (lacking > self.stored).then_some(lacking)
    }

    /// How many numbers lack between two, both excluded.
    pub fn lacking_between(&self, low: u64, high: u64) -> u64 {
        let gaps = self.gaps().take_while(|gap| gap.from < high);
        let inside = gaps.map(|gap| (gap.from.max(low + 1), gap.to.min(high - 1)));
        inside.map(|(from, to)| (to + 1).saturating_sub(from)).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_are_what_lies_between() {
        let mut counted = Counted::up_to(3);
        for number in [9, 5, 6, 12, 10] {
            counted.arrived(number);
        }
        let gaps: Vec<_> = counted.gaps().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(gaps, [(4, 4), (7, 8), (11, 11)]);
        assert_eq!((counted.stored(), counted.highest()), (3, 12));
        assert_eq!(counted.lacking_between(4, 12), 3);
        assert_eq!(counted.lacking_between(0, 4), 0);
        let before = [4, 5, 6, 8, 9, 10, 12].map(|number| counted.last_lacking_before(number));
        assert_eq!(
            before,
            [None, Some(4), Some(4), Some(7), Some(8), Some(8), Some(11)]
        );
        counted.arrived(4);
        assert_eq!(counted.stored(), 6);
    }

    proptest! {
        #[test]
        fn numbers_in_any_order_are_counted_as_a_set_would(numbers in prop::collection::vec(1u64..60, 0..80)) {
            let mut counted = Counted::default();
            let mut there = BTreeSet::new();
            for number in numbers {
                counted.arrived(number);
                there.insert(number);
            }
            let highest = there.last().copied().unwrap_or(0);
            let lacking: Vec<u64> = (1..highest).filter(|number| !there.contains(number)).collect();
            let told: Vec<u64> = counted.gaps().flat_map(|gap| gap.from..=gap.to).collect();
            prop_assert_eq!(&told, &lacking);
            prop_assert_eq!(counted.highest(), highest);
            prop_assert_eq!(counted.stored(), lacking.first().map_or(highest, |first| first - 1));
            for (low, high) in [(0, 61), (7, 20), (30, 31)] {
                let between = lacking.iter().filter(|number| low < **number && **number < high).count() as u64;
                prop_assert_eq!(counted.lacking_between(low, high), between);
            }
        }
    }
}
