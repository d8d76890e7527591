//! Sequence numbers one behind the other, told by their first and how many they are. Pure.

/// Runs of what is alike: first sequence number, how many, what it is. In the order in which the numbers come.
pub fn of<T: PartialEq>(each: impl IntoIterator<Item = (u64, T)>) -> Vec<(u64, u64, T)> {
    let mut runs: Vec<(u64, u64, T)> = Vec::new();
    for (sequence, what) in each {
        match runs.last_mut() {
            Some((first, count, last)) if *first + *count == sequence && *last == what => *count += 1,
            _ => runs.push((sequence, 1, what)),
        }
    }
    runs
}
