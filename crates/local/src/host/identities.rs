//! The estate's own certificate authority and the identities it signs.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use types::host::{Layout, Sites};

use super::{Error, Files};

/// Names every identity answers to: programs of one site speak to each other over the loopback address.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];
/// File that remembers for which names the identities were made.
const REMEMBERED: &str = "names.json";

/// Makes the authority and an identity for each program that has none yet, or has one for other addresses.
///
/// The authority's key stays in the estate's directory, readable by its owner alone: it is for one machine, and no
/// stand-in for a company's public key infrastructure.
///
/// # Errors
/// When a certificate cannot be made or written.
pub fn ensure(files: &Files, layout: &Layout, programs: &[String], sites: &Sites) -> Result<(), Error> {
    let authority_file = layout.identity("ca").ca;
    let key_file = authority_file.with_extension("key");
    if !key_file.exists() {
        make_authority(files, layout, &authority_file, &key_file)?;
    }
    let read = |path: &Path| fs::read_to_string(path).map_err(Error::file("read", path));
    let key = KeyPair::from_pem(&read(&key_file)?).map_err(damaged(&key_file))?;
    let authority =
        Issuer::from_ca_cert_pem(&read(&authority_file)?, key).map_err(damaged(&authority_file))?;
    // Every identity holds every site's address: what a program may do is told by its own name, which is no address.
    let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    names.extend(sites.addresses().map(|address| address.to_string()));
    names.dedup();
    let remembered = authority_file.with_file_name(REMEMBERED);
    let same_names = made_for(&remembered) == names;
    for program in programs {
        let identity = layout.identity(program);
        if same_names && identity.certificate.exists() && identity.key.exists() {
            continue;
        }
        let refuse = |source| Error::Certificate {
            whose: program.clone(),
            source,
        };
        let key = KeyPair::generate().map_err(refuse)?;
        let mut params = CertificateParams::new(names.clone()).map_err(refuse)?;
        params
            .distinguished_name
            .push(DnType::CommonName, program.as_str());
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &authority).map_err(refuse)?;
        files.secret(&identity.key, key.serialize_pem().as_bytes())?;
        files.file(&identity.certificate, certificate.pem().as_bytes())?;
    }
    // Last: until it says so, the identities of an interrupted `up` are made again.
    if !same_names {
        files.file(
            &remembered,
            &serde_json::to_vec_pretty(&names).unwrap_or_default(),
        )?;
    }
    Ok(())
}

/// The names that existing identities hold. Before they were remembered, they were the loopback ones.
fn made_for(remembered: &Path) -> Vec<String> {
    fs::read(remembered)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_else(|| NAMES.map(str::to_owned).to_vec())
}

fn make_authority(files: &Files, layout: &Layout, file: &Path, key_file: &Path) -> Result<(), Error> {
    let refuse = |source| Error::Certificate {
        whose: "the estate's authority".to_owned(),
        source,
    };
    let key = KeyPair::generate().map_err(refuse)?;
    let mut params = CertificateParams::default();
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
}
