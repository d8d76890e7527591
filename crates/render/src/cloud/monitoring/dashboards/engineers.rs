//! What is going on inside? From the entrance to the disks.

use super::panel::{Kind, Panel};
use super::{Dashboard, Row};
use crate::cloud::monitoring::rules::{EVERY_PLACE, EVERY_REGION, EVERY_STAMP};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "engineers",
        title: "What is going on inside?",
        from: "now-3h",
        refresh: "30s",
        rows: vec![entrance(), odoo(), database(), gateway(), platform()],
    }
}

fn entrance() -> Row {
    Row {
        title: "Entrance",
        panels: vec![
            Panel::new(Kind::Lines, "Requests a second", format!("plimsoll:ingress:requests:rate5m{EVERY_REGION}"), "{{region}}").width(8),
            Panel::new(Kind::Lines, "Share of server errors", format!("plimsoll:ingress:error_ratio:rate5m{EVERY_REGION}"), "{{region}}")
                .unit("percentunit")
                .width(8),
            Panel::new(Kind::Lines, "Time to answer, 95th percentile", format!("plimsoll:ingress:duration_seconds:p95{EVERY_REGION}"), "{{region}}")
                .unit("s")
                .width(8),
            Panel::new(
                Kind::Lines,
                "Server errors by service",
                format!("topk(10, sum by (service, code) (rate(traefik_service_requests_total{{code=~\"5..\",{}[$__rate_interval])))", &EVERY_REGION[1..]),
                "{{service}} {{code}}",
            ),
            Panel::new(Kind::Lines, "Sessions: memory in use", format!("plimsoll:cache:memory_used:ratio{EVERY_REGION}"), "{{region}} {{instance}}")
                .unit("percentunit"),
            Panel::new(
                Kind::Table,
                "Certificates that end first",
                "bottomk(10, min by (namespace, name) (certmanager_certificate_expiration_timestamp_seconds) - time())",
                "",
            )
            .unit("s"),
        ],
    }
}

fn odoo() -> Row {
    Row {
        title: "Odoo",
        panels: vec![
            Panel::new(Kind::Lines, "Requests that wait for a worker", format!("plimsoll:odoo:listen_queue_requests{EVERY_PLACE}"), "{{stamp}} {{region}} {{workload}}")
                .about("Exactly clients minus workers: the signal to scale on."),
            Panel::new(Kind::Lines, "Transactions, 95th percentile", format!("plimsoll:odoo:transaction_duration_seconds:p95{EVERY_STAMP}"), "{{stamp}} {{operation}}")
                .unit("s"),
            Panel::new(Kind::Lines, "Scheduled jobs are late by", format!("plimsoll:odoo:cron_lag_seconds{EVERY_STAMP}"), "{{stamp}}").unit("s"),
            Panel::new(
                Kind::Lines,
                "Replicas, and what is wanted",
                "sum by (namespace, deployment) (kube_deployment_status_replicas_available{deployment=~\"odoo-.*\"})",
                "{{namespace}} {{deployment}}",
            )
            .and(
                "sum by (namespace, deployment) (kube_deployment_spec_replicas{deployment=~\"odoo-.*\"})",
                "{{namespace}} {{deployment}} wanted",
            ),
        ],
    }
}

fn database() -> Row {
    Row {
        title: "Database",
        panels: vec![
            Panel::new(
                Kind::Lines,
                "Connections in use",
                format!("plimsoll:database:connections{EVERY_PLACE} / on (stamp, region) group_left () plimsoll:plan:database_connections_max"),
                "{{stamp}} {{region}}",
            )
            .unit("percentunit"),
            Panel::new(Kind::Lines, "Exposure", format!("plimsoll:stamp:rpo_exposure_seconds{EVERY_STAMP}"), "{{stamp}}").unit("s"),
            Panel::new(Kind::Lines, "Longest transaction", format!("plimsoll:database:longest_transaction_seconds{EVERY_PLACE}"), "{{stamp}} {{region}}")
                .unit("s"),
            Panel::new(Kind::Lines, "Age of transaction ids", format!("plimsoll:database:transaction_id_age{EVERY_PLACE}"), "{{stamp}} {{region}}"),
            Panel::new(Kind::States, "Accepts writes", format!("plimsoll:database:primary{EVERY_PLACE}"), "{{stamp}} {{region}}")
                .good_or_bad("primary", "standby"),
        ],
    }
}

fn gateway() -> Row {
    Row {
        title: "Gateway",
        panels: vec![
            Panel::new(
                Kind::Lines,
                "Time until a message is safe, 99th percentile",
                format!("histogram_quantile(0.99, sum by (stamp, le) (rate(plimsoll_gateway_acknowledge_duration_seconds_bucket{EVERY_STAMP}[$__rate_interval])))"),
                "{{stamp}}",
            )
            .unit("s"),
            Panel::new(Kind::Lines, "Copies of the journal", format!("plimsoll:stamp:journal_copies{EVERY_STAMP}"), "{{stamp}}"),
            Panel::new(Kind::Lines, "Free on the journal's disk", format!("min by (stamp, region) (plimsoll_gateway_journal_free_bytes{EVERY_PLACE})"), "{{stamp}} {{region}}")
                .unit("bytes"),
            Panel::new(Kind::Lines, "Accepted a second", format!("plimsoll:stamp:accepted:rate5m{EVERY_STAMP}"), "{{stamp}}"),
        ],
    }
}

fn platform() -> Row {
    Row {
        title: "Platform",
        panels: vec![
            Panel::new(
                Kind::Lines,
                "Processors in use, by node",
                format!("1 - avg by (region, instance) (rate(node_cpu_seconds_total{{mode=\"idle\",{}[$__rate_interval]))", &EVERY_REGION[1..]),
                "{{region}} {{instance}}",
            )
            .unit("percentunit"),
            Panel::new(
                Kind::Lines,
                "Memory in use, by node",
                format!("1 - node_memory_MemAvailable_bytes{EVERY_REGION} / node_memory_MemTotal_bytes{EVERY_REGION}"),
                "{{region}} {{instance}}",
            )
            .unit("percentunit"),
            Panel::new(
                Kind::Table,
                "Volumes with least room",
                format!("bottomk(15, min by (region, namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes{EVERY_REGION} / kubelet_volume_stats_capacity_bytes{EVERY_REGION}))"),
                "",
            )
            .unit("percentunit")
            .width(12),
            Panel::new(
                Kind::Table,
                "Targets that report nothing",
                "count by (job, region) (up == 0)",
                "",
            )
            .width(12),
        ],
    }
}
