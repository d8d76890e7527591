//! The estate as a partner and a user see it: through its public address alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use api::gateway::Accepted;
use serde_json::{Value, json};
use types::{
    IntegrationName, Redacted,
    host::secret,
    settings::{GatewaySettings, IdempotencySource, IntegrationSettings, ProofSettings},
};

use crate::{failure::Failure, open_estate::OpenEstate};

/// A partner waits this long for an answer and then sends the same message again.
const CALL_TIME_MAX: Duration = Duration::from_secs(3);
/// References asked for in one read.
const READ_CHUNK: usize = 200;
/// The kind of message whose integrations a drill can use.
const ORDER_CREATE: &str = "order.create";

/// Speaks to the estate's public address.
#[derive(Clone, Debug)]
pub struct Public {
    http: reqwest::Client,
    authority: PathBuf,
    url: String,
    database: String,
    key: Redacted<String>,
    integration: IntegrationName,
    keeps_order: bool,
    token: Redacted<String>,
    idempotency: IdempotencySource,
}

/// What came of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// A good answer.
    Answered(T),
    /// A clear no: asking again does not help.
    Refused(String),
    /// No answer, or one that tells nothing: ask again with the same id.
    Unknown(String),
}

impl Public {
    /// Takes the first integration that brings orders, with its partner's token.
    pub fn open(estate: &OpenEstate) -> Result<Self, Failure> {
        Self::lanes(estate)?.into_iter().next().ok_or_else(|| {
            Failure::no("PL0401", "no integration of the estate brings orders").hint(format!(
                "the drill posts orders through an integration of kind `{ORDER_CREATE}`"
            ))
        })
    }

    /// Every integration that brings orders as we write them, which interchanges are not.
    pub fn lanes(estate: &OpenEstate) -> Result<Vec<Self>, Failure> {
        let ca = estate.layout.identity("cli").ca;
        let http = client(&ca, CALL_TIME_MAX, reqwest::redirect::Policy::default())?;
        let gateway = Self::gateway(estate)?;
        let key = Redacted::new(read(&estate.layout.secret(secret::INTEGRATION_KEY))?);
        let lanes = gateway.integrations.iter();
        let ours = lanes.filter(|lane| {
            lane.kind == ORDER_CREATE && lane.proof == ProofSettings::Bearer && lane.edi.is_none()
        });
        ours.map(|lane| {
            Ok(Self {
                http: http.clone(),
                authority: ca.clone(),
                url: estate.controller.public_url.trim_end_matches('/').to_owned(),
                database: gateway.erp.database.clone(),
                key: key.clone(),
                integration: lane.name.clone(),
                keeps_order: lane.lane.ordering.is_some(),
                token: Redacted::new(read(&estate.layout.integration_token(&lane.name))?),
                idempotency: lane.idempotency.clone(),
            })
        })
        .collect()
    }

    /// Every integration of the estate, as its gateways know them.
    pub fn integrations(estate: &OpenEstate) -> Result<Vec<IntegrationSettings>, Failure> {
        Ok(Self::gateway(estate)?.integrations)
    }

    /// What a gateway is told; those of all regions know the same integrations.
    fn gateway(estate: &OpenEstate) -> Result<GatewaySettings, Failure> {
        let region = estate
            .regions()
            .into_iter()
            .next()
            .ok_or_else(|| Failure::no("PL0006", "the estate has no region"))?;
        let path = estate
            .layout
            .rendered()
            .join(region.as_str())
            .join("gateway.json");
        serde_json::from_str(&read(&path)?).map_err(|error| {
            Failure::machine("PL0006", format!("{} cannot be understood", path.display())).because(&error)
        })
    }

    /// The integration that orders go through.
    pub const fn integration(&self) -> &IntegrationName {
        &self.integration
    }

    /// Whether it declares an order. All of our orders are of one partner, so that they have one.
    pub const fn keeps_order(&self) -> bool {
        self.keeps_order
    }

    /// The public base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client that behaves as a browser whose redirects we want to see.
    pub fn browser(&self, patience: Duration) -> Result<reqwest::Client, Failure> {
        client(&self.authority, patience, reqwest::redirect::Policy::none())
    }

    /// Posts one order as a partner does; `reference` is its idempotency key and the order's customer reference.
    pub async fn post_order(&self, reference: &str) -> Outcome<Accepted> {
        let mut body = order(reference);
        let mut request = self
            .http
            .post(format!("{}/in/{}", self.url, self.integration))
            .bearer_auth(self.token.expose());
        match &self.idempotency {
            IdempotencySource::Header(name) => request = request.header(name, reference),
            IdempotencySource::Pointer(pointer) => {
                if let Some(place) = body.pointer_mut(pointer) {
                    *place = json!(reference);
                }
            }
            // Nobody posts to it; the gateway says so.
            IdempotencySource::File | IdempotencySource::Sequence => {}
        }
        answer(request.json(&body)).await
    }

    /// Calls a method of the ERP (JSON-2).
    pub async fn call(&self, model: &str, method: &str, arguments: &Value) -> Outcome<Value> {
        let request = self
            .http
            .post(format!("{}/json/2/{model}/{method}", self.url))
            .bearer_auth(self.key.expose())
            .header("X-Odoo-Database", &self.database)
            .json(arguments);
        answer(request).await
    }

    /// How often the ERP has each of these customer references.
    pub async fn count_orders(&self, references: &[String]) -> Outcome<BTreeMap<String, u64>> {
        let mut counts: BTreeMap<String, u64> = references
            .iter()
            .map(|reference| (reference.clone(), 0))
            .collect();
        match self.order_rows(references).await {
            Outcome::Answered(rows) => {
                for (reference, _) in rows {
                    *counts.entry(reference).or_default() += 1;
                }
                Outcome::Answered(counts)
            }
            Outcome::Refused(why) => Outcome::Refused(why),
            Outcome::Unknown(why) => Outcome::Unknown(why),
        }
    }

    /// The number that the ERP gave each of these orders: they rise as orders are applied.
    pub async fn order_numbers(&self, references: &[String]) -> Outcome<BTreeMap<String, u64>> {
        match self.order_rows(references).await {
            Outcome::Answered(rows) => Outcome::Answered(rows.into_iter().collect()),
            Outcome::Refused(why) => Outcome::Refused(why),
            Outcome::Unknown(why) => Outcome::Unknown(why),
        }
    }

    /// Reference and number of every order in the ERP that has one of these references.
    async fn order_rows(&self, references: &[String]) -> Outcome<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for chunk in references.chunks(READ_CHUNK) {
            let arguments =
                json!({"domain": [["client_order_ref", "in", chunk]], "fields": ["client_order_ref"]});
            let rows = match self.call("sale.order", "search_read", &arguments).await {
                Outcome::Answered(Value::Array(rows)) => rows,
                Outcome::Answered(other) => return Outcome::Unknown(format!("unexpected answer {other}")),
                Outcome::Refused(why) => return Outcome::Refused(why),
                Outcome::Unknown(why) => return Outcome::Unknown(why),
            };
            found.extend(
                rows.iter().filter_map(|row| {
                    Some((row["client_order_ref"].as_str()?.to_owned(), row["id"].as_u64()?))
                }),
            );
        }
        Outcome::Answered(found)
    }

    /// The login page, as a browser gets it.
    pub async fn login_page(&self) -> Outcome<()> {
        let response = match self.http.get(format!("{}/web/login", self.url)).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Unknown(error.to_string()),
        };
        let status = response.status();
        match response.text().await {
            Ok(page) if status.is_success() && page.contains("name=\"password\"") => Outcome::Answered(()),
            _ => Outcome::Unknown(format!("status {status}")),
        }
    }
}

fn client(
    ca: &PathBuf,
    limit: Duration,
    redirects: reqwest::redirect::Policy,
) -> Result<reqwest::Client, Failure> {
    let tls = api::tls::public_client(ca)
        .map_err(|error| Failure::machine("PL0003", "cannot use the estate's authority").because(&error))?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirects)
        .timeout(limit)
        .build()
        .map_err(|error| Failure::machine("PL0003", "cannot build an HTTP client").because(&error))
}

/// An order of the example data: two lines, not confirmed.
fn order(reference: &str) -> Value {
    json!({
        "client_order_ref": reference,
        "partner": "ACME",
        "lines": [{"sku": "PLS-0001", "quantity": 2}, {"sku": "PLS-0002", "quantity": 1}],
    })
}

async fn answer<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> Outcome<T> {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Outcome::Unknown(error.to_string()),
    };
    let status = response.status();
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Outcome::Unknown(error.to_string()),
    };
    let text = || String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    match status.as_u16() {
        200..=299 => match serde_json::from_slice(&body) {
            Ok(answer) => Outcome::Answered(answer),
            Err(_) => Outcome::Unknown(format!(
                "status {status} with an answer that cannot be read: {}",
                text()
            )),
        },
        // What else can be a refusal looks the same as a failover on its way (docs/concepts).
        400 | 401 | 409 | 413 | 422 => Outcome::Refused(format!("status {status}: {}", text())),
        _ => Outcome::Unknown(format!("status {status}")),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure::machine("PL0006", format!("cannot read {}", PathBuf::from(path).display()))
            .because(&error)
            .hint("run as the user that started the estate")
    })
}
