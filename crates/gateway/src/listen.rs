//! The listeners of a gateway, and what each shows and asks of who connects.

use std::{net::SocketAddr, sync::Arc};

use api::tls::Partners;
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use types::settings::{GatewaySettings, IntegrationSettings, ProofSettings};

use crate::{
    ingest::{Entrance, Way},
    start::StartError,
};

/// Certificates are asked for where a partner has one: browsers ask people about it. Beside it the estate's authority.
pub fn ingest_tls(settings: &GatewaySettings) -> Result<(Option<Partners>, Arc<ServerConfig>), StartError> {
    let asked = |one: &IntegrationSettings| one.proof == ProofSettings::MutualTls;
    if !settings.integrations.iter().any(asked) {
        return Ok((None, api::tls::public_server(&settings.tls)?));
    }
    let path = &settings.tls.ca;
    let authority = std::fs::read(path).map_err(|source| StartError::File {
        doing: "read",
        path: path.clone(),
        source,
    })?;
    // Without it no ingress is believed.
    Ok((
        Partners::open(&authority).ok(),
        api::tls::asking_server(&settings.tls)?,
    ))
}

/// Where partners with certificates come past every ingress.
pub async fn listen_for_certificates(settings: &GatewaySettings) -> Result<Option<Entrance>, StartError> {
    let Some(door) = &settings.certificates else {
        return Ok(None);
    };
    let tls = api::tls::awaiting_server(&door.tls)?;
    if let Err(error) = api::tls::expires(&door.tls.certificate) {
        let why: &dyn std::error::Error = &error;
        // Other partners do not wait for it.
        tracing::warn!(
            error = why,
            "partners with certificates are let in when ours is there"
        );
    }
    Ok(Some(Entrance {
        listener: listen(door.listen).await?,
        tls: Some(TlsAcceptor::from(tls)),
        way: Way::CertificatesOnly,
    }))
}

/// Where there is such a listener.
pub async fn listen_plainly(address: Option<SocketAddr>) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = address else {
        return Ok(None);
    };
    listen(address).await.map(Some)
}

/// Binds a listener.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

/// Without TLS: only for who is on this machine.
pub async fn listen_on_loopback(address: Option<SocketAddr>) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = address else {
        return Ok(None);
    };
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    listen_plainly(Some(address)).await
}
