//! Names within Azure's rules and limits.
//!
//! A name never depends on how many others there are, so that a new stamp renames nothing. What does not fit is cut and
//! ends in a few letters made of the whole, and so does what must be unique in all of Azure.

/// Longest names of Azure's resources, as their rules say (Microsoft's page "Naming rules and restrictions for Azure
/// resources").
pub(super) mod longest {
    pub(crate) const RESOURCE_GROUP: usize = 90;
    pub(crate) const NETWORK: usize = 64;
    /// 63, but its DNS prefix may have 54.
    pub(crate) const CLUSTER: usize = 54;
    pub(crate) const LOG_WORKSPACE: usize = 63;
    pub(crate) const VAULT: usize = 24;
    pub(crate) const STORAGE_ACCOUNT: usize = 24;
    pub(crate) const CONTAINER: usize = 63;
    /// 63; room for `-ro1` and the endings that a restore gives.
    pub(crate) const FLEXIBLE_SERVER: usize = 54;
    pub(crate) const CACHE: usize = 60;
    pub(crate) const FRONT_DOOR: usize = 46;
    pub(crate) const REGISTRY: usize = 50;
    /// A DNS label; the same for a public address.
    pub(crate) const TRAFFIC_MANAGER: usize = 63;
    /// 128; federated credentials, named after it, have 120.
    pub(crate) const IDENTITY: usize = 110;
    pub(crate) const GATEWAY: usize = 80;
    /// Kubernetes makes DNS labels of these.
    pub(crate) const NAMESPACE: usize = 63;
    /// 50, and pods get endings.
    pub(crate) const CLOUD_NATIVE_PG: usize = 40;
    pub(crate) const SECRET: usize = 127;
    /// PostgreSQL cuts identifiers silently.
    pub(crate) const ROLE: usize = 63;
}

/// Letters of a hash at the end of a cut name: one in a billion is alike.
const LETTERS_CUT: usize = 6;
/// Letters of a hash in a name that must be unique in all of Azure.
const LETTERS_GLOBAL: usize = 8;

/// Parts joined by hyphens; cut, with a hash of the whole at its end, where it is too long.
pub(super) fn joined(parts: &[&str], longest: usize) -> String {
    let whole = parts.join("-");
    if whole.len() <= longest {
        return whole;
    }
    ending(&whole, &letters(hash(parts), LETTERS_CUT), longest)
}

/// Parts joined by hyphens with a hash that also knows whose they are.
pub(super) fn global(salt: &str, parts: &[&str], longest: usize) -> String {
    let id = letters(hash_with(salt, parts), LETTERS_CUT);
    ending(&parts.join("-"), &id, longest)
}

/// Letters and digits only: `begin`, an abbreviation of what it is for, and a hash that knows the rest.
pub(super) fn compact(salt: &str, begin: &str, kind: &str, parts: &[&str], longest: usize) -> String {
    let id = letters(hash_with(salt, parts), LETTERS_GLOBAL);
    let room = longest.saturating_sub(kind.len() + id.len());
    let mut name: String = begin
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(room)
        .collect();
    name.push_str(kind);
    name.push_str(&id);
    name
}

/// A number that depends on nothing but the name, for places in a ring.
pub(super) fn spread(parts: &[&str]) -> u64 {
    hash(parts)
}

fn ending(whole: &str, id: &str, longest: usize) -> String {
    let room = longest.saturating_sub(id.len() + 1);
    let cut = &whole[..whole.len().min(room)];
    format!("{}-{id}", cut.trim_end_matches('-'))
}

fn hash(parts: &[&str]) -> u64 {
    hash_with("", parts)
}

/// FNV-1a, with a last stir so that its high bits are as good as its low ones. Not for secrets; it must only never
/// change.
fn hash_with(salt: &str, parts: &[&str]) -> u64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |byte: u8| {
        state ^= u64::from(byte);
        state = state.wrapping_mul(0x0000_0100_0000_01b3);
    };
    for part in std::iter::once(&salt).chain(parts) {
        part.bytes().for_each(&mut eat);
        // Names have no zero bytes, so `ab`, `c` is not `a`, `bc`.
        eat(0);
    }
    state ^= state >> 32;
    state = state.wrapping_mul(0xd6e8_feb8_6659_fd93);
    state ^ (state >> 32)
}

fn letters(mut hash: u64, count: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    (0..count)
        .map(|_| {
            let letter = ALPHABET[(hash & 31) as usize];
            hash >>= 5;
            char::from(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut_and_told_apart() {
        assert_eq!(joined(&["a", "b"], 10), "a-b");
        let [one, two] = ["x".repeat(70), "x".repeat(71)].map(|long| joined(&["shop", &long], 63));
        assert_eq!((one.len(), two.len()), (63, 63));
        assert_ne!(one, two);
    }

    #[test]
    fn a_cut_never_leaves_two_hyphens() {
        for longest in 8..30 {
            let name = joined(&["aa-bb-cc-dd", "ee-ff-gg-hh-ii"], longest);
            assert!(name.len() <= longest && !name.contains("--"), "{name}");
        }
    }

    #[test]
    fn storage_accounts_have_letters_and_digits_only() {
        let name = compact(
            "erp.example.com",
            "two-warehouse-distributor",
            "bak",
            &["production", "westeurope"],
            24,
        );
        assert!(name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        // Written down, because a change of this name is a new, empty storage account.
        assert_eq!(name, "twowarehousedbake767rky2");
    }
}
