//! What needs doing? Alarms first, then the streams, sites and queues that people look after.

use super::panel::{Kind, Panel};
use super::{Dashboard, Row};
use crate::cloud::monitoring::rules::EVERY_STAMP;

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "operators",
        title: "What needs doing?",
        from: "now-6h",
        refresh: "30s",
        rows: vec![alarms(), recovery(), lanes(), sites(), tenants()],
    }
}

fn alarms() -> Row {
    Row {
        title: "Alarms",
        panels: vec![
            Panel::new(
                Kind::Table,
                "What fires",
                "sort_desc(count by (severity, alertname, stamp, region, capability, lane, site, owner) (ALERTS{alertstate=\"firing\",alertname!=\"Watchdog\"}))",
                "",
            )
            .about("Each alarm has a page in runbooks/: its annotation says which."),
        ],
    }
}

fn recovery() -> Row {
    Row {
        title: "Recovery",
        panels: vec![
            Panel::new(
                Kind::Tiles,
                "Generation",
                "max(plimsoll_controller_generation)",
                "",
            )
            .width(4),
            Panel::new(
                Kind::Tiles,
                "Voters",
                "min by (region) (plimsoll_lease_voters_reachable)",
                "{{region}}",
            )
            .width(4),
            Panel::new(
                Kind::Tiles,
                "Running",
                "time() - max by (saga) (plimsoll_saga_started_timestamp_seconds)",
                "{{saga}}",
            )
            .unit("s")
            .width(8),
            Panel::new(
                Kind::Tiles,
                "Waits for people",
                "max by (saga) (plimsoll_saga_waiting_for_approval)",
                "{{saga}}",
            )
            .bad_above(1.0, 1.0)
            .width(8),
            Panel::new(
                Kind::Lines,
                "Exposure of the database",
                format!("plimsoll:stamp:rpo_exposure_seconds{EVERY_STAMP}"),
                "{{stamp}}",
            )
            .unit("s"),
            Panel::new(
                Kind::Lines,
                "Since the last heartbeat",
                "time() - max by (region) (plimsoll_region_last_heartbeat_timestamp_seconds)",
                "{{region}}",
            )
            .unit("s"),
        ],
    }
}

fn lanes() -> Row {
    Row {
        title: "Integrations",
        panels: vec![
            Panel::new(
                Kind::Table,
                "Lanes that wait longest",
                format!("topk(25, plimsoll:lane:oldest_pending_seconds{EVERY_STAMP} * on (stamp, lane) group_left (partner, tenant, criticality) plimsoll:lane:info)"),
                "",
            )
            .unit("s"),
            Panel::new(Kind::Lines, "Share of the planned outage that is used", format!("topk(10, plimsoll:lane:buffer_used:ratio{EVERY_STAMP})"), "{{stamp}} {{lane}}")
                .unit("percentunit")
                .bad_above(0.5, 0.8),
            Panel::new(Kind::Lines, "Delivered a second", format!("topk(10, plimsoll:lane:delivered:rate5m{EVERY_STAMP})"), "{{stamp}} {{lane}}"),
            Panel::new(Kind::Tiles, "Dead letters", format!("sum by (stamp) (plimsoll_gateway_dead_letters{EVERY_STAMP})"), "{{stamp}}")
                .bad_above(1.0, 1.0)
                .width(8),
            Panel::new(Kind::Tiles, "Quarantined", format!("sum by (stamp) (plimsoll_gateway_quarantined{EVERY_STAMP})"), "{{stamp}}")
                .bad_above(1.0, 1.0)
                .width(8),
            Panel::new(Kind::Tiles, "Phantoms", format!("sum by (stamp) (plimsoll_gateway_phantoms{EVERY_STAMP})"), "{{stamp}}")
                .bad_above(1.0, 1.0)
                .width(8),
        ],
    }
}

fn sites() -> Row {
    Row {
        title: "Sites",
        panels: vec![
            Panel::new(
                Kind::Tiles,
                "Without a link for",
                "plimsoll:site:offline_seconds",
                "{{site}}",
            )
            .unit("s")
            .bad_above(300.0, 1_800.0),
            Panel::new(
                Kind::Lines,
                "Labels wait for",
                "max by (site, device) (plimsoll_edge_print_oldest_age_seconds)",
                "{{site}} {{device}}",
            )
            .unit("s")
            .width(24),
        ],
    }
}

fn tenants() -> Row {
    Row {
        title: "Tenants",
        panels: vec![
            Panel::new(
                Kind::Table,
                "Databases nearest to their quota",
                format!("topk(20, plimsoll:tenant:database_used:ratio{EVERY_STAMP})"),
                "",
            )
            .unit("percentunit")
            .width(12),
            Panel::new(
                Kind::Table,
                "Files nearest to their quota",
                format!("topk(20, plimsoll:tenant:objects_used:ratio{EVERY_STAMP})"),
                "",
            )
            .unit("percentunit")
            .width(12),
        ],
    }
}
