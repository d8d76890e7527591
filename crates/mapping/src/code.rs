//! Stable codes of what a person may be told about mappings; each has a page in `docs/errors/`.

types::codes! {
    /// A mapping file that cannot be used.
    File = "PL0760", "correct what the message names in the mapping file; its reference has every key";
    /// No mapping takes this document.
    NoMapping = "PL0761", "agree with the partner on what it sends, or write a mapping for it";
    /// A value that must be there is not.
    Missing = "PL0762", "ask the partner to send it, or give the mapping a `default`";
    /// A value that cannot be understood.
    Value = "PL0763", "ask the partner what is meant, or change `as` in the mapping";
    /// A check digit is wrong.
    CheckDigit = "PL0764", "ask the partner for the right number: somebody has typed it";
    /// A unit that nobody agreed on.
    Unit = "PL0765", "add the unit with its factor to `units` of the mapping";
    /// A code that nobody agreed on.
    NotAgreed = "PL0766", "add the code to `codes` of the mapping";
    /// The result is no command.
    Command = "PL0767", "compare the mapping's `set` with the command's keys in the mapping reference";
    /// The document contradicts itself.
    Document = "PL0768", "ask the partner to correct the document and to send it again under another number";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_this_crates_and_each_has_a_hint() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(code.as_str(), format!("PL07{}", 60 + index));
            assert!(!code.hint().is_empty());
        }
    }
}
