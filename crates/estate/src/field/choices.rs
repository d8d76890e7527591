//! Enums whose values are words.

use schemars::{Schema, SchemaGenerator, json_schema};
use types::settings::{
    Authority, DrillScenario, Duplicates, EdiDocument, Payloads, Priority, Probe, SignatureScheme,
};

use super::{Field, text_of};
use crate::{
    code,
    model::{
        BusinessEventKind, CachePersistence, ClusterIsolation, Criticality, Currency, DeviceKind, Direction,
        Durability, Engine, FileEnd, FileFormat, FrameOptions, HighAvailability, Language, LinkKind, Persona,
        Posture, PrinterLanguage, Protocol, RegionRole, Stage, SupportWindow, Tenancy, VacuumPolicy, WafMode,
    },
    node::Node,
    problems::{Problems, clip, did_you_mean, list},
};

/// An enum whose values are words.
macro_rules! word_fields {
    ($($type:ty { $($word:literal = $value:expr),* $(,)? })*) => {$(
        impl Field for $type {
            fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
                const WORDS: &[&str] = &[$($word),*];
                let text = text_of(node, &format!("one of {}", list(WORDS)), problems)?;
                match text {
                    $($word => Some($value),)*
                    _ => {
                        not_a_word(node, text, WORDS, problems);
                        None
                    }
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": [$($word),*] })
            }

            fn example() -> Option<&'static str> {
                [$($word),*].first().copied()
            }
        }
    )*};
}

word_fields! {
    RegionRole { "active" = RegionRole::Active, "standby" = RegionRole::Standby }
    Posture { "cold" = Posture::Cold, "warm" = Posture::Warm, "hot" = Posture::Hot }
    Authority {
        "automatic" = Authority::Automatic,
        "one-person" = Authority::OnePerson,
        "two-people" = Authority::TwoPeople,
    }
    SupportWindow {
        "always" = SupportWindow::Always,
        "warehouse-hours" = SupportWindow::WarehouseHours,
        "office-hours" = SupportWindow::OfficeHours,
    }
    Probe {
        "order-capture" = Probe::OrderCapture,
        "receiving" = Probe::Receiving,
        "picking" = Probe::Picking,
        "shipment-confirmation" = Probe::ShipmentConfirmation,
        "invoicing" = Probe::Invoicing,
        "web-login" = Probe::WebLogin,
    }
    Stage {
        "development" = Stage::Development,
        "test" = Stage::Test,
        "staging" = Stage::Staging,
        "production" = Stage::Production,
        "recovery" = Stage::Recovery,
    }
    Tenancy { "shared" = Tenancy::Shared, "dedicated" = Tenancy::Dedicated, "hybrid" = Tenancy::Hybrid }
    ClusterIsolation { "namespace" = ClusterIsolation::Namespace, "cluster" = ClusterIsolation::Cluster }
    Engine { "flexible-server" = Engine::FlexibleServer, "cloud-native-pg" = Engine::CloudNativePg }
    HighAvailability {
        "none" = HighAvailability::None,
        "same-zone" = HighAvailability::SameZone,
        "zone-redundant" = HighAvailability::ZoneRedundant,
    }
    VacuumPolicy { "standard" = VacuumPolicy::Standard, "write-heavy" = VacuumPolicy::WriteHeavy }
    Durability { "local" = Durability::Local, "remote-apply" = Durability::RemoteApply }
    CachePersistence {
        "none" = CachePersistence::None,
        "snapshot" = CachePersistence::Snapshot,
        "append-only" = CachePersistence::AppendOnly,
    }
    WafMode { "prevention" = WafMode::Prevention, "detection" = WafMode::Detection }
    FrameOptions { "deny" = FrameOptions::Deny, "same-origin" = FrameOptions::SameOrigin }
    Language { "en" = Language::En, "de" = Language::De }
    Direction { "inbound" = Direction::Inbound, "outbound" = Direction::Outbound }
    Protocol {
        "https-json" = Protocol::HttpsJson,
        "x12" = Protocol::X12,
        "edifact" = Protocol::Edifact,
        "sftp" = Protocol::Sftp,
        "file-drop" = Protocol::FileDrop,
        "printer" = Protocol::Printer,
        "scanner" = Protocol::Scanner,
    }
    FileFormat { "json" = FileFormat::Json, "x12" = FileFormat::X12, "edifact" = FileFormat::Edifact }
    FileEnd { "move" = FileEnd::Move, "leave" = FileEnd::Leave }
    PrinterLanguage { "raw" = PrinterLanguage::Raw, "ipp" = PrinterLanguage::Ipp, "ipps" = PrinterLanguage::Ipps }
    Duplicates { "ask" = Duplicates::Ask, "print-again" = Duplicates::PrintAgain }
    EdiDocument {
        "order-response" = EdiDocument::OrderResponse,
        "ship-notice" = EdiDocument::ShipNotice,
        "warehouse-shipment" = EdiDocument::WarehouseShipment,
        "invoice" = EdiDocument::Invoice,
        "stock-report" = EdiDocument::StockReport,
    }
    SignatureScheme {
        "body" = SignatureScheme::Body,
        "timestamped" = SignatureScheme::Timestamped,
        "standard-webhooks" = SignatureScheme::StandardWebhooks,
    }
    Criticality {
        "critical" = Criticality::Critical,
        "important" = Criticality::Important,
        "deferrable" = Criticality::Deferrable,
    }
    Priority { "first" = Priority::First, "normal" = Priority::Normal, "last" = Priority::Last }
    Payloads { "hidden" = Payloads::Hidden, "redacted" = Payloads::Redacted, "visible" = Payloads::Visible }
    LinkKind { "internet" = LinkKind::Internet, "vpn" = LinkKind::Vpn, "express-route" = LinkKind::ExpressRoute }
    DeviceKind {
        "printer" = DeviceKind::Printer,
        "scanner" = DeviceKind::Scanner,
        "machine" = DeviceKind::Machine,
        "other" = DeviceKind::Other,
    }
    BusinessEventKind {
        "cut-off" = BusinessEventKind::CutOff,
        "stock-count" = BusinessEventKind::StockCount,
        "period-close" = BusinessEventKind::PeriodClose,
        "peak" = BusinessEventKind::Peak,
    }
    DrillScenario {
        "region-loss" = DrillScenario::RegionLoss,
        "switchover" = DrillScenario::Switchover,
        "failback" = DrillScenario::Failback,
        "component" = DrillScenario::Component,
        "control-plane" = DrillScenario::ControlPlane,
        "integration-outage" = DrillScenario::IntegrationOutage,
        "credentials" = DrillScenario::Credentials,
        "partition" = DrillScenario::Partition,
    }
    Persona {
        "warehouse-operator" = Persona::WarehouseOperator,
        "planner" = Persona::Planner,
        "finance" = Persona::Finance,
        "support" = Persona::Support,
        "integration-administrator" = Persona::IntegrationAdministrator,
        "platform-operator" = Persona::PlatformOperator,
        "recovery-authority" = Persona::RecoveryAuthority,
        "auditor" = Persona::Auditor,
    }
    Currency { "EUR" = Currency::EUR, "USD" = Currency::USD, "GBP" = Currency::GBP }
}

fn not_a_word(node: &Node, text: &str, words: &[&str], problems: &mut Problems<'_>) {
    let guess =
        did_you_mean(text, words.iter().copied()).map_or_else(String::new, |guess| format!("; {guess}"));
    problems
        .error(
            code::BAD_VALUE,
            node.span,
            format!("`{}` is not allowed here", clip(text)),
        )
        .help(format!("use one of {}{guess}", list(words)))
        .done();
}
