//! Images, as they are pulled.

use estate::{Estate, Image};

use super::{
    Notes,
    blueprint::{Delivery, ImagePlan},
    names::{self, longest},
};

/// Domain of Azure's registries.
const AZURE_REGISTRIES: &str = ".azurecr.io";

pub(super) fn plan(estate: &Estate, notes: &mut Notes) -> Delivery {
    let release = &estate.release;
    let declared = release
        .registry
        .strip_suffix(AZURE_REGISTRIES)
        .filter(|name| name.len() >= 5 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let registry_name = declared.map_or_else(
        || {
            names::compact(
                &estate.organisation.domain,
                estate.name.as_str(),
                "reg",
                &[estate.name.as_str()],
                longest::REGISTRY,
            )
        },
        str::to_owned,
    );
    for image in [&release.odoo, &release.platform] {
        if image.digest.is_none() {
            notes.report.caution_at(
                "images",
                &image.repository,
                "pulled by version",
                "the estate has no digest yet; what a version means can change, so a policy refuses to deploy it",
            );
        }
    }
    Delivery {
        registry_name,
        registry: release.registry.clone(),
        odoo: image(&release.registry, &release.odoo),
        platform: image(&release.registry, &release.platform),
        signed_by: release.signed_by.clone(),
        scan_age_max: release.scan_age_max,
        calendars: estate.calendars.clone(),
    }
}

fn image(registry: &str, image: &Image) -> ImagePlan {
    let repository = &image.repository;
    ImagePlan {
        repository: repository.clone(),
        version: image.version.clone(),
        digest: image.digest.clone(),
        scanned: image.scanned.map(|date| date.to_string()),
        reference: match &image.digest {
            Some(digest) => format!("{registry}/{repository}@{digest}"),
            None => format!("{registry}/{repository}:{}", image.version),
        },
    }
}
