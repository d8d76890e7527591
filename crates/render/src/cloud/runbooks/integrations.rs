//! One page for the integrations of every stamp, with a section for each: who, how long, what people do meanwhile.

use estate::{Criticality, Direction, Protocol};
use plan::cloud::blueprint::Lane;
use types::settings::ScannerSettings;

use super::ground::{Ground, Place};
use crate::markdown::{Markdown, Step, code, link, text};

/// How bad an outage is, in words.
pub(super) const fn criticality(criticality: Criticality) -> &'static str {
    match criticality {
        Criticality::Critical => "critical",
        Criticality::Important => "important",
        Criticality::Deferrable => "can wait",
    }
}

/// The page of a stamp's integrations.
pub(super) fn page(ground: &Ground<'_>, place: &Place<'_>) -> String {
    let mut page = Markdown::new(&format!("Integrations of stamp {}", place.stamp.name));
    page.say(&["[All runbooks](../README.md), [An integration is down](../scenarios/integration-outage.md)"]);
    for lane in &place.stamp.lanes {
        section(ground, place, lane, &mut page);
    }
    page.finish()
}

fn section(ground: &Ground<'_>, place: &Place<'_>, lane: &Lane, page: &mut Markdown) {
    page.section(lane.name.as_str());
    let partner = lane
        .partner_name
        .as_deref()
        .map_or_else(|| "no partner".to_owned(), text);
    let contact = lane
        .partner_contact
        .as_deref()
        .map_or_else(|| "not known: add it to the estate file".to_owned(), text);
    let owner = lane.owner.as_deref().map_or_else(|| ground.contact(), text);
    let inbound = lane.direction == Direction::Inbound;
    let needed: Vec<String> = lane
        .capabilities
        .iter()
        .map(|one| link(one.as_str(), &format!("../capabilities/{one}.md")))
        .collect();
    page.table(
        ["", ""],
        &[
            ["partner".to_owned(), partner],
            ["whom to call there".to_owned(), contact],
            ["who answers for it here".to_owned(), owner],
            ["tenant".to_owned(), code(lane.tenant.as_str())],
            [
                "what".to_owned(),
                format!(
                    "{} {} ({})",
                    if inbound {
                        "from the partner:"
                    } else {
                        "to the partner:"
                    },
                    code(&lane.kind),
                    protocol(lane.protocol)
                ),
            ],
            ["how bad".to_owned(), criticality(lane.criticality).to_owned()],
            [
                "buffered".to_owned(),
                format!(
                    "{} at {} messages an hour; given up after {}",
                    lane.buffering.outage, lane.buffering.messages_per_hour, lane.retry.give_up
                ),
            ],
            [
                "cannot do without it".to_owned(),
                if needed.is_empty() {
                    "nothing".to_owned()
                } else {
                    needed.join(", ")
                },
            ],
        ],
    );
    page.step(
        &Step::new("See where it stands", 2)
            .run([place.kubectl(&format!(
                "logs --selector app.kubernetes.io/name=gateway --tail=500 --prefix | grep -F {}",
                lane.name
            ))])
            .right(
                "the log names the answer of the other side.",
                "no line at all: nothing arrives here, call the partner.",
            ),
    );
    let address = lane.address.as_ref().map(|at| {
        format!(
            "openssl s_client -connect {}:{} -brief < /dev/null",
            crate::markdown::word(&at.host),
            at.port
        )
    });
    page.step(
        &Step::new(if inbound { "Is it us who refuse?" } else { "Is the other side there?" }, 3)
            .run(if inbound {
                vec![format!("curl --silent --output /dev/null --write-out '%{{http_code}}\\n' --request POST https://{}/in/{}", host(place, lane), lane.name)]
            } else {
                address.into_iter().collect()
            })
            .right(
                if inbound { "`401`: the gateway is there and asks who you are." } else { "a connection; then it is the content or the credential." },
                if inbound { "[A component is lost](../scenarios/component-loss.md#gateway)." } else { "call the partner." },
            ),
    );
    page.step(&Step::new("Tell people, and do this meanwhile", 5).know(meanwhile(lane)).know(format!(
        "Nothing is lost for {}; at half of that, whoever answers for it decides with the partner what goes another way.",
        lane.buffering.outage
    )));
    if let Some(scanner) = &lane.scanner {
        page.step(&passed_over(scanner));
    }
    page.step(
        &Step::new("When it is back", 10)
            .know("The gateway delivers what waits, in order, by itself. Do not send anything again by hand.")
            .right(
                "the oldest message is seconds old and dead letters are 0.",
                "each dead letter gets a name: who decides whether it is sent again, changed or dropped.",
            ),
    );
}

/// What the alarm `ScansPassedOver` leads to.
fn passed_over(scanner: &ScannerSettings) -> Step {
    let site = text(scanner.site.as_str());
    Step::new("When scans were passed over", 15)
        .know(format!(
            "`plimsoll gateway sites` shows which numbers of site {site} lack. Scans behind them waited for {}, and were applied without.",
            scanner.wait_for_gap
        ))
        .know("What lacks is in the agent there, or nowhere: look at it before it is installed anew. What it still has arrives by itself, and is applied late.")
        .right(
            "`passed` is 0: everything has arrived, or the agent has said what is void.",
            "count what was scanned there meanwhile, and enter what differs; void what will never come, with the reason.",
        )
}

fn host<'p>(place: &Place<'p>, lane: &Lane) -> &'p str {
    let mut tenants = place.stamp.tenants.iter();
    tenants
        .find(|one| one.name == lane.tenant)
        .map_or("", |one| one.host.as_str())
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::HttpsJson => "JSON over HTTPS",
        Protocol::X12 => "EDI X12",
        Protocol::Edifact => "EDIFACT",
        Protocol::Sftp => "files over SFTP",
        Protocol::FileDrop => "files in a directory",
        Protocol::Printer => "printer",
        Protocol::Scanner => "scans of a site's edge agent over HTTPS",
    }
}

fn meanwhile(lane: &Lane) -> &'static str {
    match (lane.direction, lane.protocol) {
        (_, Protocol::Printer) => {
            "Print at the neighbouring printer, or from the station itself; without a label no parcel leaves."
        }
        (_, Protocol::Scanner) => {
            "The site's agent keeps what is scanned and sends it afterwards, in order; people go on scanning, and enter nothing by hand that was scanned. `plimsoll gateway sites` tells what lacks."
        }
        (Direction::Inbound, _) => {
            "The partner keeps its messages and tries again; urgent ones by mail or telephone, written on a numbered list, and NOT entered unless the owner says so, because they will arrive."
        }
        (Direction::Outbound, _) => {
            "Documents wait in order; urgent ones through the partner's own web page, written on a numbered list, so that nothing is booked or announced twice."
        }
    }
}
