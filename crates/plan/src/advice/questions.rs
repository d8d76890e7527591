//! What is asked, in the order in which it is asked.

use serde::Serialize;

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Under which its answer is given.
    pub id: &'static str,
    /// The question.
    pub text: &'static str,
    /// What it decides.
    pub help: &'static str,
    /// What can be answered.
    pub kind: Kind,
    /// What holds when nothing is answered.
    pub default: &'static str,
}

/// What can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One line.
    Text,
    /// One line, or none.
    OptionalText,
    /// Lines separated by commas; may be empty.
    Words,
    /// A whole number.
    Number {
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
    /// One of these: what is answered, and what it means.
    Choice(&'static [(&'static str, &'static str)]),
}

const fn number(least: u32, most: u32) -> Kind {
    Kind::Number { least, most }
}

/// All questions. Whoever answers none of them gets a small distributor.
pub const fn questions() -> &'static [Question] {
    &QUESTIONS
}

const QUESTIONS: [Question; 19] = [
    Question {
        id: "name",
        text: "What shall the estate be called?",
        help: "Lowercase letters, digits and hyphens; names in Azure begin with it and never change.",
        kind: Kind::Text,
        default: "distributor",
    },
    Question {
        id: "organisation",
        text: "What is the organisation called?",
        help: "For people.",
        kind: Kind::Text,
        default: "Example Distribution",
    },
    Question {
        id: "domain",
        text: "Under which domain will it be reached?",
        help: "Such as erp.example.com. Leave it empty until there is one: nothing is deployed before.",
        kind: Kind::OptionalText,
        default: "",
    },
    Question {
        id: "time-zone",
        text: "In which time zone does it work?",
        help: "An IANA name such as Europe/Amsterdam; release windows and backups keep to it.",
        kind: Kind::Text,
        default: "UTC",
    },
    Question {
        id: "location",
        text: "Which Azure location is nearest to most people?",
        help: "Such as westeurope or eastus2. It serves; another one stands by.",
        kind: Kind::Text,
        default: "westeurope",
    },
    Question {
        id: "standby-location",
        text: "Which Azure location stands by?",
        help: "Leave it empty for the one that Azure pairs with the first.",
        kind: Kind::OptionalText,
        default: "",
    },
    Question {
        id: "residency",
        text: "Where may data be?",
        help: "Geographies or areas such as europe or germany; leave it empty if anywhere will do.",
        kind: Kind::Words,
        default: "",
    },
    Question {
        id: "companies",
        text: "How many companies have an ERP of their own?",
        help: "Subsidiaries or customers that each have their own database.",
        kind: number(1, 500),
        default: "1",
    },
    Question {
        id: "apart",
        text: "Which of them must be kept apart?",
        help: "By contract, by law, or because one of them must not slow down the others.",
        kind: Kind::Choice(&[
            ("none", "They may share processes and servers."),
            ("one", "One is larger or stricter than the others."),
            ("all", "Each has processes and a database server of its own."),
            ("proven", "Each has a cluster of its own, and can prove it."),
        ]),
        default: "none",
    },
    Question {
        id: "warehouses",
        text: "How many warehouses work with it?",
        help: "Each gets its link, and a small program that goes on when the link is down.",
        kind: number(0, 200),
        default: "2",
    },
    Question {
        id: "users",
        text: "How many people work with it at the same time?",
        help: "In a busy hour; it sizes processes and the database.",
        kind: number(1, 20_000),
        default: "30",
    },
    Question {
        id: "orders",
        text: "How many orders come in on a busy day?",
        help: "It sizes integrations, the database and the gateway's journal.",
        kind: number(0, 2_000_000),
        default: "1000",
    },
    Question {
        id: "downtime",
        text: "How long may orders and shipping stop when a region is lost?",
        help: "From the loss until a real order works again.",
        kind: Kind::Choice(&[
            ("seconds", "Docks stand still at once."),
            ("minutes", "Up to half an hour is bridged."),
            ("hours", "An afternoon is bad, not ruinous."),
            ("day", "Tomorrow is soon enough."),
        ]),
        default: "minutes",
    },
    Question {
        id: "loss",
        text: "What may be lost when a region is lost?",
        help: "Of what partners sent; what people typed a moment ago can always be lost with a region.",
        kind: Kind::Choice(&[
            ("nothing", "No message that a partner believes we have."),
            ("moments", "The last minute can be asked for again."),
            ("hours", "Partners can send again what is some hours old."),
        ]),
        default: "nothing",
    },
    Question {
        id: "integrations",
        text: "How many streams of messages do partners have?",
        help: "EDI, marketplaces, carriers: what comes in and what goes out, each counts.",
        kind: number(0, 500),
        default: "2",
    },
    Question {
        id: "fragile",
        text: "How long are partners' systems down at worst?",
        help: "What waits for them must fit on disk.",
        kind: Kind::Choice(&[
            ("hours", "They are back the same day."),
            ("weekend", "From Friday evening to Monday."),
            ("week", "A bank holiday, and nobody answers."),
        ]),
        default: "hours",
    },
    Question {
        id: "decider",
        text: "Who decides that another region takes over?",
        help: "Short promises leave no time to ask anybody.",
        kind: Kind::Choice(&[
            ("controller", "The controller, from evidence."),
            ("one-person", "One person who is on call."),
            ("two-people", "Two people who agree."),
        ]),
        default: "controller",
    },
    Question {
        id: "people",
        text: "Who may decide?",
        help: "Names, one more than are needed; they also decide what the controller may not.",
        kind: Kind::Words,
        default: "Ines Example, Piet Example, Ayse Example",
    },
    Question {
        id: "appetite",
        text: "What weighs more: cost or risk?",
        help: "It decides what is kept ready, and what is rehearsed.",
        kind: Kind::Choice(&[
            ("cautious", "Rather pay for what is hardly ever used."),
            ("balanced", "Pay for what promises need."),
            ("frugal", "Pay as little as promises allow."),
        ]),
        default: "balanced",
    },
];
