//! Images of PostgreSQL for CloudNativePG, as its project published them on 2026-08-31 (catalogue
//! `postgresql-standard-bookworm`). Mirrored into the estate's registry they keep their digests.

const IMAGES: [(u8, &str); 4] = [
    (
        15,
        "15.19@sha256:ad1dcb64577ebafbaa0489c38e7cf950959423860ba3513e7f2f306421d3bd8c",
    ),
    (
        16,
        "16.15@sha256:6c697d90e9b7cd6c70e06b76616c89540650c2b80a603e9804993800c3413c51",
    ),
    (
        17,
        "17.11@sha256:e8ffaff9d17011fb71f264d857c3b4c54cb86ed0443a4ecb0298cb96be708d4e",
    ),
    (
        18,
        "18.6@sha256:cdb5c283a473507f7c597ea7e045d1a5e8efcbc4c5101aada013af9bd37ccc43",
    ),
];

/// The image of a major version; by digest where it is known, and policies refuse it where not.
pub(super) fn image(registry: &str, major: u8) -> String {
    let known = IMAGES.iter().find(|(version, _)| *version == major);
    let version = known.map_or_else(|| major.to_string(), |(_, image)| (*image).to_owned());
    format!("{registry}/cloudnative-pg/postgresql:{version}")
}
