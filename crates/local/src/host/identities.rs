//! The estate's own certificate authority and the identities it signs.
//!
//! An identity lives for a year and is made anew a month before its end, by `up` or by `plimsoll certificates rotate`;
//! programs follow their files, so neither needs a restart. The authority lives for ten years and is not renewed: that
//! would need both authorities to be trusted for a while.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use types::{
    Timestamp,
    host::{Layout, Sites},
};

use super::{Error, Files};

/// Names every identity answers to: programs of one site speak to each other over the loopback address.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];
/// File that remembers for which names the identities were made.
const REMEMBERED: &str = "names.json";

/// One day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an identity lives.
pub const IDENTITY_LIFE: Duration = DAY.saturating_mul(365);
/// How long the authority lives.
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(3_650);
/// An identity that ends sooner than this is made anew, and people are warned.
pub const RENEW_BEFORE: Duration = DAY.saturating_mul(30);
/// A machine's clock may be wrong by this much.
const CLOCK_WRONG_MAX: Duration = Duration::from_secs(60 * 60);

/// A certificate of the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose: a program's name, or `ca`.
    pub whose: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// Makes the authority and an identity for each program that has none yet, one that ends soon, or one for other
/// addresses; returns whose.
///
/// The authority's key stays in the estate's directory, readable by its owner alone: it is for one machine, and no
/// stand-in for a company's public key infrastructure.
///
/// # Errors
/// When a certificate cannot be made or written.
pub fn ensure(
    files: &Files,
    layout: &Layout,
    programs: &[String],
    sites: &Sites,
) -> Result<Vec<String>, Error> {
    // Every identity holds every site's address: what a program may do is told by its own name, which is no address.
    let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    names.extend(sites.addresses().map(|address| address.to_string()));
    names.dedup();
    let remembered = layout.identity("ca").ca.with_file_name(REMEMBERED);
    let same_names = made_for(&remembered) == names;
    let soon = from_now(RENEW_BEFORE);
    let due = |program: &&String| {
        let identity = layout.identity(program);
        let ends = api::tls::expires(&identity.certificate);
        !same_names || !identity.key.exists() || !ends.is_ok_and(|ends| ends > soon)
    };
    let due: Vec<_> = programs.iter().filter(due).cloned().collect();
    make(files, layout, &due, (&names, IDENTITY_LIFE))?;
    // Last: until it says so, the identities of an interrupted `up` are made again.
    if !same_names {
        files.file(
            &remembered,
            &serde_json::to_vec_pretty(&names).unwrap_or_default(),
        )?;
    }
    Ok(due)
}

/// The names that existing identities hold. Before they were remembered, they were the loopback ones.
fn made_for(remembered: &Path) -> Vec<String> {
    fs::read(remembered)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_else(|| NAMES.map(str::to_owned).to_vec())
}

/// Makes each of these programs a new identity that lives so long, for the addresses that it had one for. Programs that
/// run take it up by themselves.
///
/// # Errors
/// When a certificate cannot be made or written.
pub fn rotate(files: &Files, layout: &Layout, programs: &[String], life: Duration) -> Result<(), Error> {
    let names = made_for(&layout.identity("ca").ca.with_file_name(REMEMBERED));
    make(files, layout, programs, (&names, life))
}

/// Names, and how long it lives.
type Form<'a> = (&'a [String], Duration);

fn make(files: &Files, layout: &Layout, programs: &[String], form: Form<'_>) -> Result<(), Error> {
    let authority_file = layout.identity("ca").ca;
    let key_file = authority_file.with_extension("key");
    if !key_file.exists() {
        make_authority(files, layout, &authority_file, &key_file)?;
    }
    let read = |path: &Path| fs::read_to_string(path).map_err(Error::file("read", path));
    let key = KeyPair::from_pem(&read(&key_file)?).map_err(damaged(&key_file))?;
    let authority =
        Issuer::from_ca_cert_pem(&read(&authority_file)?, key).map_err(damaged(&authority_file))?;
    programs
        .iter()
        .try_for_each(|program| issue(files, layout, &authority, program, form))
}

/// Every certificate of the estate, the one that ends first in front.
///
/// # Errors
/// When one cannot be read.
pub fn list(layout: &Layout) -> Result<Vec<Certificate>, Error> {
    let authority = layout.identity("ca").ca;
    let directory = authority.parent().unwrap_or(&authority).to_path_buf();
    let mut found = Vec::new();
    for entry in fs::read_dir(&directory)
        .map_err(Error::file("read", &directory))?
        .flatten()
    {
        let path = entry.path();
        let Some(whose) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.extension().is_some_and(|extension| extension == "pem") {
            let ends = api::tls::expires(&path).map_err(|error| Error::Damaged {
                path: path.clone(),
                why: error.to_string(),
            })?;
            found.push(Certificate {
                whose: whose.to_owned(),
                ends,
            });
        }
    }
    found.sort_by(|one, other| (one.ends, &one.whose).cmp(&(other.ends, &other.whose)));
    Ok(found)
}

fn issue(
    files: &Files,
    layout: &Layout,
    authority: &Issuer<'_, KeyPair>,
    program: &str,
    (names, life): Form<'_>,
) -> Result<(), Error> {
    let identity = layout.identity(program);
    let refuse = |source| Error::Certificate {
        whose: program.to_owned(),
        source,
    };
    let key = KeyPair::generate().map_err(refuse)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(refuse)?;
    lives(&mut params, life);
    params.distinguished_name.push(DnType::CommonName, program);
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority).map_err(refuse)?;
    files.secret(&identity.key, key.serialize_pem().as_bytes())?;
    files.file(&identity.certificate, certificate.pem().as_bytes())
}

/// From a little ago until `life` from now.
fn lives(params: &mut CertificateParams, life: Duration) {
    let epoch = date_time_ymd(1970, 1, 1);
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    params.not_before = epoch + now.saturating_sub(CLOCK_WRONG_MAX);
    params.not_after = epoch + now + life;
}

fn from_now(later: Duration) -> Timestamp {
    Timestamp::from_system(SystemTime::now() + later)
}

fn make_authority(files: &Files, layout: &Layout, file: &Path, key_file: &Path) -> Result<(), Error> {
    let refuse = |source| Error::Certificate {
        whose: "the estate's authority".to_owned(),
        source,
    };
    let key = KeyPair::generate().map_err(refuse)?;
    let mut params = CertificateParams::default();
    lives(&mut params, AUTHORITY_LIFE);
    let estate = layout
        .root()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("Plimsoll local authority of {estate}"),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(refuse)?;
    files.file(file, certificate.pem().as_bytes())?;
    // The key last: its presence says that the certificate is there too.
    files.secret(key_file, key.serialize_pem().as_bytes())
}

fn damaged(path: &Path) -> impl FnOnce(rcgen::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Damaged {
        path,
        why: source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use types::host::SitePlace;

    use super::super::RunAs;
    use super::*;

    #[test]
    fn programs_of_one_estate_trust_each_other_and_keep_their_identity() {
        let dir = tempfile::tempdir().unwrap();
        let (files, layout) = (Files::new(RunAs::Myself), Layout::new(dir.path().join("example")));
        let nowhere = Sites::default();
        ensure(&files, &layout, &["controller".to_owned()], &nowhere).unwrap();
        let before = fs::read(layout.identity("controller").certificate).unwrap();
        let both = ["controller".to_owned(), "cli".to_owned()];
        ensure(&files, &layout, &both, &nowhere).unwrap();
        assert_eq!(
            fs::read(layout.identity("controller").certificate).unwrap(),
            before
        );
        api::tls::mutual_server(&layout.identity("controller")).unwrap();
        api::tls::mutual_client(&layout.identity("cli")).unwrap();
        // A site that moves answers at its new address.
        let place: SitePlace = "west=10.0.0.2".parse().unwrap();
        let moved: Sites = [(place.site, place.place)].into_iter().collect();
        ensure(&files, &layout, &both, &moved).unwrap();
        let after = fs::read(layout.identity("controller").certificate).unwrap();
        assert_ne!(after, before);
        ensure(&files, &layout, &both, &moved).unwrap();
        assert_eq!(
            fs::read(layout.identity("controller").certificate).unwrap(),
            after
        );
    }
    #[test]
    fn an_identity_is_made_anew_a_month_before_its_end_and_followed_by_who_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        let (files, layout) = (Files::new(RunAs::Myself), Layout::new(dir.path().join("example")));
        let programs = ["controller".to_owned(), "cli".to_owned()];
        ensure(&files, &layout, &programs, &Sites::default()).unwrap();
        let ends = |whose: &str| {
            let all = list(&layout).unwrap();
            all.into_iter().find(|one| one.whose == whose).unwrap().ends
        };
        assert!(ends("ca") > ends("cli"), "the authority outlives what it signs");
        let whole = from_now(IDENTITY_LIFE);
        assert!(ends("cli") <= whole && ends("cli") > from_now(IDENTITY_LIFE - DAY));

        rotate(&files, &layout, &programs[..1], RENEW_BEFORE - DAY).unwrap();
        assert_eq!(
            list(&layout).unwrap()[0].whose,
            "controller",
            "what ends first is told first"
        );
        let kept = ends("cli");
        let renewed = ensure(&files, &layout, &programs, &Sites::default()).unwrap();
        assert_eq!(renewed, programs[..1]);
        assert!(ends("controller") > from_now(RENEW_BEFORE));
        assert_eq!(ends("cli"), kept, "what does not end soon is left alone");
    }
}
