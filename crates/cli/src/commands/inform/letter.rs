//! Facts made into a letter by a template, as a draft that a mail program opens.

use std::{fs, path::Path};

use estate::Language;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::facts::Letter;
use crate::failure::Failure;

/// A template does a few hundred steps; one without an end is a mistake.
const STEPS_MAX: u64 = 1_000_000;
/// A template is a page.
const TEMPLATE_BYTES_MAX: u64 = 256 << 10;

/// The templates in use, by language.
pub struct Templates(Environment<'static>);

/// A letter that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The first line.
    pub subject: String,
    /// All behind it.
    pub body: String,
}

impl Templates {
    /// Those that come with the program, or those of this directory: `en.txt`, `de.txt`. One that lacks there is ours.
    ///
    /// # Errors
    /// When one cannot be read or understood.
    pub fn load(directory: Option<&Path>) -> Result<Self, Failure> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // It is text, not a page.
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(STEPS_MAX));
        for (name, ours) in [
            (
                tag(Language::En),
                include_str!("../../../templates/inform/en.txt"),
            ),
            (
                tag(Language::De),
                include_str!("../../../templates/inform/de.txt"),
            ),
        ] {
            let path = directory.map(|directory| directory.join(format!("{name}.txt")));
            let text = match path.as_deref().filter(|path| path.exists()) {
                Some(path) => read(path)?,
                None => ours.to_owned(),
            };
            environment
                .add_template_owned(name, text)
                .map_err(|error| refused(name, &error))?;
        }
        Ok(Self(environment))
    }

    /// Writes a letter.
    ///
    /// # Errors
    /// When the template asks for a fact that there is not, or never ends.
    pub fn write(&self, letter: &Letter) -> Result<Written, Failure> {
        let name = tag(letter.language);
        let template = self.0.get_template(name).map_err(|error| refused(name, &error))?;
        let text = template
            .render(&letter.facts)
            .map_err(|error| refused(name, &error))?;
        let text = without_gaps(&text);
        let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Written {
            subject: subject.trim().to_owned(),
            body: format!("{}\n", body.trim()),
        })
    }
}

impl Written {
    /// As a draft (RFC 5322): `X-Unsent` has mail programs open it for writing. Nobody sends it but a person.
    pub fn draft(&self, to: Option<&str>) -> String {
        let to = to.map_or_else(String::new, |to| format!("To: {to}\r\n"));
        let body = self.body.replace('\n', "\r\n");
        format!(
            "X-Unsent: 1\r\n{to}Subject: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{body}",
            header(&self.subject)
        )
    }
}

/// Its name in files.
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::De => "de",
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let size = fs::metadata(path).map_err(Failure::file("read", path))?.len();
    if size > TEMPLATE_BYTES_MAX {
        return Err(Failure::no(
            "PL0445",
            format!(
                "the template {} is larger than {TEMPLATE_BYTES_MAX} bytes",
                path.display()
            ),
        ));
    }
    fs::read_to_string(path).map_err(Failure::file("read", path))
}

fn refused(name: &str, error: &minijinja::Error) -> Failure {
    Failure::no("PL0445", format!("the template `{name}` does not work"))
        .because(error)
        .hint("docs/concepts/degraded-modes.md lists the facts that a template may name")
}

/// What is left of conditions that did not hold: empty lines, of which one is enough.
fn without_gaps(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || kept.last().is_some_and(|last| !last.is_empty()) {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// Words of a header that are not plain ASCII are encoded one by one (RFC 2047, Q).
fn header(text: &str) -> String {
    if text.bytes().all(|letter| (b' '..=b'~').contains(&letter)) {
        return text.to_owned();
    }
    // An encoded word has at most 75 characters: each of ours has few letters.
    let letters: Vec<char> = text.chars().collect();
    let words = letters.chunks(12).map(|chunk| {
        let mut word = String::new();
        for letter in chunk {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => word.push(char::from(byte)),
                    other => word.push_str(&format!("={other:02X}")),
                }
            }
        }
        format!("=?utf-8?Q?{word}?=")
    });
    words.collect::<Vec<_>>().join("\r\n ")
}
