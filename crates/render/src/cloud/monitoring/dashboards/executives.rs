//! Does the business run? In words of the business, and with what was promised beside what is.

use super::panel::{Kind, Panel};
use super::{Dashboard, Row};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "executives",
        title: "Does the business run?",
        from: "now-7d",
        refresh: "1m",
        rows: vec![now(), week(), proof()],
    }
}

fn now() -> Row {
    Row {
        title: "Now",
        panels: vec![
            Panel::new(Kind::Tiles, "What works", "min by (capability) (plimsoll:capability:working)", "{{capability}}")
                .about("The last real transaction of each kind, through the public address. Grey means that nobody knows.")
                .good_or_bad("works", "does not work"),
            Panel::new(
                Kind::Tiles,
                "Not measured",
                "plimsoll:plan:capability{measured=\"no\"}",
                "{{capability}}",
            )
            .about("Nothing proves that these work.")
            .width(8),
            Panel::new(Kind::Tiles, "Where the ERP runs", "max by (stamp, region) (plimsoll:database:primary) == 1", "{{stamp}}: {{region}}")
                .width(8),
            Panel::new(Kind::Tiles, "Alarms that woke somebody", "count(ALERTS{alertstate=\"firing\",severity=\"page\"}) or vector(0)", "")
                .width(8)
                .bad_above(1.0, 2.0),
        ],
    }
}

fn week() -> Row {
    Row {
        title: "This week",
        panels: vec![
            Panel::new(
                Kind::States,
                "What worked when",
                "min by (capability) (plimsoll:capability:working)",
                "{{capability}}",
            )
            .good_or_bad("works", "does not work"),
            Panel::new(
                Kind::Table,
                "Share of the week in which it worked, and what was promised",
                "avg by (capability) (avg_over_time(plimsoll:capability:working[7d]))",
                "{{capability}}",
            )
            .unit("percentunit")
            .width(12),
            Panel::new(
                Kind::Table,
                "Works again within (promised)",
                "plimsoll:plan:capability_rto_seconds",
                "{{capability}}",
            )
            .unit("s")
            .width(12),
            Panel::new(
                Kind::Lines,
                "Documents accepted, by stamp",
                "plimsoll:stamp:accepted:rate5m * 3600",
                "{{stamp}} an hour",
            ),
            Panel::new(
                Kind::Lines,
                "Warehouse and office transactions",
                "sum by (operation) (plimsoll:odoo:transactions:rate5m) * 3600",
                "{{operation}} an hour",
            ),
        ],
    }
}

fn proof() -> Row {
    Row {
        title: "How much failure can we carry?",
        panels: vec![
            Panel::new(
                Kind::Tiles,
                "Would be lost if the region were lost now",
                "plimsoll:stamp:rpo_exposure_seconds",
                "{{stamp}}",
            )
            .about("What people typed. Messages of partners are in two places before they are acknowledged.")
            .unit("s")
            .bad_above(5.0, 60.0)
            .width(12),
            Panel::new(
                Kind::Tiles,
                "Copies of each partner's message",
                "plimsoll:stamp:journal_copies",
                "{{stamp}}",
            )
            .width(12),
            Panel::new(
                Kind::Tiles,
                "Last backup",
                "plimsoll:stamp:backup_age_seconds",
                "{{stamp}}",
            )
            .unit("s")
            .bad_above(93_600.0, 172_800.0)
            .width(8),
            Panel::new(
                Kind::Tiles,
                "Last proof that a backup can be restored",
                "plimsoll:stamp:restore_proof_age_seconds",
                "{{stamp}}",
            )
            .unit("s")
            .bad_above(691_200.0, 3_024_000.0)
            .width(8),
            Panel::new(
                Kind::Tiles,
                "Last rehearsal",
                "time() - max by (scenario) (plimsoll_drill_last_success_timestamp_seconds)",
                "{{scenario}}",
            )
            .unit("s")
            .bad_above(7_776_000.0, 8_640_000.0)
            .width(8),
        ],
    }
}
