//! Things of two plans, matched by what they are called.

use std::collections::BTreeMap;

/// What became of a thing.
#[derive(Clone, Copy)]
pub(super) enum Fate<'t, T> {
    /// It is new.
    Added(&'t T),
    /// It is gone.
    Removed(&'t T),
    /// It is in both plans.
    Kept(&'t T, &'t T),
}

/// Matches two lists by a key, in the order of the keys.
pub(super) fn matched<'t, T, K: Ord>(
    old: &'t [T],
    new: &'t [T],
    key: impl Fn(&'t T) -> K,
) -> impl Iterator<Item = Fate<'t, T>> {
    let mut both: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for one in old {
        both.entry(key(one)).or_default().0 = Some(one);
    }
    for one in new {
        both.entry(key(one)).or_default().1 = Some(one);
    }
    both.into_values().filter_map(|pair| match pair {
        (Some(old), Some(new)) => Some(Fate::Kept(old, new)),
        (Some(old), None) => Some(Fate::Removed(old)),
        (None, Some(new)) => Some(Fate::Added(new)),
        (None, None) => None,
    })
}

/// Only what is in both lists.
pub(super) fn kept<'t, T, K: Ord>(
    old: &'t [T],
    new: &'t [T],
    key: impl Fn(&'t T) -> K,
) -> impl Iterator<Item = (&'t T, &'t T)> {
    matched(old, new, key).filter_map(|fate| match fate {
        Fate::Kept(old, new) => Some((old, new)),
        Fate::Added(_) | Fate::Removed(_) => None,
    })
}
