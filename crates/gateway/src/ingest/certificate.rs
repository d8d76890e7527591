//! The certificate that a partner has proved to own: to us, or to our own ingress, which tells us in a header.
//!
//! The header counts from one caller alone: the ingress of this region, by its certificate of the estate's authority. In
//! everybody else's requests it is as if it were not there.

use std::time::SystemTime;

use api::{caller::Caller, tls::Partners};
use axum::http::{HeaderMap, HeaderName};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_rustls::rustls::{ServerConnection, pki_types::CertificateDer};
use types::RegionName;

/// How Traefik tells of a client's certificate: its chain in base64, the certificates parted by commas.
const HEADER: HeaderName = HeaderName::from_static("x-forwarded-tls-client-cert");
/// Real chains have some kilobytes.
const HEADER_BYTES_MAX: usize = 32 << 10;

/// A chain, the certificate of its owner first.
pub type Chain = Vec<CertificateDer<'static>>;

/// What the other side of a connection has proved.
#[derive(Default)]
pub struct Shown {
    chain: Chain,
    ingress: bool,
}

impl Shown {
    /// What was shown in a handshake.
    pub fn of(connection: &ServerConnection, estate: Option<&Partners>, region: &RegionName) -> Self {
        let shown = connection.peer_certificates().unwrap_or_default();
        let chain: Chain = shown.iter().map(|one| one.clone().into_owned()).collect();
        let name = format!("{region}-ingress");
        let ingress = chain.first().is_some_and(|leaf| {
            let ours = estate.is_some_and(|estate| estate.admit(&chain, SystemTime::now()));
            ours && Caller::with_certificate(leaf) == Caller::Other(name)
        });
        Self { chain, ingress }
    }

    /// The chain of the connection itself, whatever a header tells.
    pub fn own(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The chain of whoever sends this request; empty where there is none.
    pub fn chain(&self, headers: &HeaderMap) -> Chain {
        if self.ingress {
            told(headers).unwrap_or_default()
        } else {
            self.chain.clone()
        }
    }
}

fn told(headers: &HeaderMap) -> Option<Chain> {
    let mut values = headers.get_all(HEADER).iter();
    // Two of them: one is not of our ingress.
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let text = value
        .to_str()
        .ok()
        .filter(|text| text.len() <= HEADER_BYTES_MAX)?;
    let certificates = text
        .split(',')
        .map(|one| Some(CertificateDer::from(STANDARD.decode(one.trim()).ok()?)));
    certificates.collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_header_counts_from_our_ingress_alone_and_only_once() {
        let headers = |values: &[&str]| {
            let pairs = values
                .iter()
                .map(|value| (HEADER, HeaderValue::from_str(value).unwrap()));
            pairs.collect::<HeaderMap>()
        };
        let ingress = Shown {
            chain: vec![CertificateDer::from(vec![9])],
            ingress: true,
        };
        let chain = |values: &[&str]| {
            let chain = ingress.chain(&headers(values));
            chain.iter().map(|one| one.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(chain(&["AQ==,Ag=="]), [vec![1], vec![2]]);
        for bad in [&[][..], &["AQ==", "Ag=="], &["AQ==,?"], &["-"]] {
            assert_eq!(
                chain(bad),
                Vec::<Vec<u8>>::new(),
                "the ingress itself is no partner"
            );
        }
        let other = Shown {
            chain: vec![CertificateDer::from(vec![9])],
            ingress: false,
        };
        assert_eq!(other.chain(&headers(&["AQ=="]))[0].as_ref(), [9]);
    }
}
