//! A small writer of Markdown, for pages that people read.
//!
//! Prose is written by us and trusted. Values come from an estate file and are not: they go through [`text`], [`code`]
//! or [`word`], so that no display name can make a heading, a link or a command out of itself. One sentence a line.

use std::fmt::Write as _;

/// A page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markdown {
    text: String,
    step: u32,
}

/// One thing to do, complete enough to be done while half asleep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// What to do, as an order.
    pub(crate) what: String,
    /// Why, or what to know before.
    pub(crate) know: Vec<String>,
    /// Commands to paste.
    pub(crate) commands: Vec<String>,
    /// How to see that it worked.
    pub(crate) right: String,
    /// What to do if it did not.
    pub(crate) otherwise: String,
    /// How long it takes.
    pub(crate) minutes: u32,
}

// === impl Markdown ===

impl Markdown {
    /// A page with its title.
    pub(crate) fn new(title: &str) -> Self {
        Self {
            text: format!("<!-- Rendered by Plimsoll. Changes are overwritten. -->\n\n# {title}\n"),
            step: 0,
        }
    }

    /// The page.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// A section; steps begin at 1 again.
    pub(crate) fn section(&mut self, heading: &str) {
        self.step = 0;
        let _ = write!(self.text, "\n## {heading}\n");
    }

    /// A part of a section.
    pub(crate) fn part(&mut self, heading: &str) {
        self.step = 0;
        let _ = write!(self.text, "\n### {heading}\n");
    }

    /// A paragraph, one sentence a line.
    pub(crate) fn say<S: AsRef<str>>(&mut self, sentences: &[S]) {
        self.text.push('\n');
        for sentence in sentences {
            let _ = writeln!(self.text, "{}", sentence.as_ref());
        }
    }

    /// A list; nothing where it would be empty.
    pub(crate) fn list<S: AsRef<str>>(&mut self, items: &[S]) {
        if items.is_empty() {
            return;
        }
        self.text.push('\n');
        for item in items {
            let _ = writeln!(self.text, "- {}", item.as_ref());
        }
    }

    /// A table; nothing where it would have no rows. Cells are prose: values in them are escaped already.
    pub(crate) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        let _ = write!(self.text, "\n| {} |\n|{}\n", head.join(" | "), " --- |".repeat(N));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
    }

    /// The next numbered step.
    pub(crate) fn step(&mut self, step: &Step) {
        self.step += 1;
        let minutes = match step.minutes {
            0 => String::new(),
            1 => " (a minute)".to_owned(),
            minutes => format!(" ({minutes} minutes)"),
        };
        let _ = write!(self.text, "\n{}. **{}**{minutes}\n", self.step, step.what);
        let inside = " ".repeat(self.step.to_string().len() + 2);
        for sentence in &step.know {
            let _ = writeln!(self.text, "{inside}{sentence}");
        }
        if !step.commands.is_empty() {
            self.text.push('\n');
            self.fence(&inside, &step.commands);
        }
        if !step.right.is_empty() || !step.otherwise.is_empty() {
            self.text.push('\n');
        }
        if !step.right.is_empty() {
            let _ = writeln!(self.text, "{inside}*Right when:* {}", step.right);
        }
        if !step.otherwise.is_empty() {
            let _ = writeln!(self.text, "{inside}*If not:* {}", step.otherwise);
        }
    }

    fn fence<S: AsRef<str>>(&mut self, inside: &str, commands: &[S]) {
        let _ = writeln!(self.text, "{inside}```sh");
        for command in commands {
            let _ = writeln!(self.text, "{inside}{}", command.as_ref());
        }
        let _ = writeln!(self.text, "{inside}```");
    }
}

// === impl Step ===

impl Step {
    /// A step.
    pub(crate) fn new(what: impl Into<String>, minutes: u32) -> Self {
        Self {
            what: what.into(),
            minutes,
            ..Self::default()
        }
    }

    /// Why, or what to know before.
    pub(crate) fn know(mut self, sentence: impl Into<String>) -> Self {
        self.know.push(sentence.into());
        self
    }

    /// Commands to paste.
    pub(crate) fn run(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.commands.extend(commands);
        self
    }

    /// How to see that it worked, and what to do if it did not.
    pub(crate) fn right(mut self, right: impl Into<String>, otherwise: impl Into<String>) -> Self {
        self.right = right.into();
        self.otherwise = otherwise.into();
        self
    }
}

/// A value as prose: whatever Markdown, HTML or a table would take for something else is escaped, and it stays on its
/// line.
pub(crate) fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// A value as code. A backtick cannot be written inside of it and becomes an apostrophe; a bar would end a table's cell.
pub(crate) fn code(value: &str) -> String {
    let safe: String = value
        .chars()
        .map(|character| match character {
            '`' => '\'',
            '|' => '¦',
            character if character.is_control() => ' ',
            character => character,
        })
        .collect();
    format!("`{safe}`")
}

/// A value as one word of a shell command.
pub(crate) fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+%".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    // A command is one line: what would end it is not part of any name that Azure or Kubernetes knows.
    let line: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("'{}'", line.replace('\'', r"'\''"))
}

/// A link to another page of the tree.
pub(crate) fn link(label: &str, target: &str) -> String {
    format!("[{}]({target})", text(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_what_it_is() {
        for (value, expected) in [
            ("Ines Almeida", "Ines Almeida"),
            ("*a* [b](c) <d> | e", r"\*a\* \[b\]\(c\) &lt;d&gt; \| e"),
            ("one\n# two", r"one \# two"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert_eq!(code("a`b|c\nd"), "`a'b¦c d`");
    }

    #[test]
    fn a_word_of_a_command_is_one_word() {
        for (value, expected) in [
            ("erp-main", "erp-main"),
            ("", "''"),
            ("a b; rm -rf /", "'a b; rm -rf /'"),
            ("it's", r"'it'\''s'"),
            ("a\nb", "'a b'"),
        ] {
            assert_eq!(word(value), expected);
        }
    }

    #[test]
    fn steps_are_numbered_anew_in_every_section() {
        let mut page = Markdown::new("Title");
        page.section("One");
        page.step(
            &Step::new("Look", 1)
                .run(["ls".to_owned()])
                .right("there is something", "stop"),
        );
        page.step(&Step::new("Leave", 0));
        page.section("Two");
        page.step(&Step::new("Begin", 5).know("Slowly."));
        let expected = "<!-- Rendered by Plimsoll. Changes are overwritten. -->\n\n# Title\n\n## One\n\n1. **Look** (a minute)\n\n   ```sh\n   ls\n   ```\n\n   *Right when:* there is something\n   *If not:* stop\n\n2. **Leave**\n\n## Two\n\n1. **Begin** (5 minutes)\n   Slowly.\n";
        assert_eq!(page.finish(), expected);
    }
}
