//! Printers that answer for their jobs (IPP, RFC 8011).
//!
//! A job is named after its message. Before a label is printed the printer is asked for a job of that name, so a label
//! whose answer was lost is found instead of printed twice; then the job is followed until it has ended.

use std::{io::Cursor, time::Duration};

use api::{
    client::BuildError,
    tls::{Fingerprint, pinned_client},
};
use axum::http::Uri;
use bytes::{Bytes, BytesMut};
use ipp::{
    attribute::{IppAttribute, IppAttributeGroup},
    model::{DelimiterTag, IppVersion, JobState, Operation, StatusCode},
    parser::{IppParseError, IppParser},
    reader::IppReader,
    request::IppRequestResponse,
    value::IppValue,
};
use types::settings::GatewaySettings;

use super::{Error, Letter, excerpt, http};

/// Who asks.
const USER: &str = "plimsoll";
/// A label takes seconds. What takes longer is looked for by its name in the next round.
const FOLLOWED_MAX: Duration = Duration::from_secs(15);
/// Between two looks at a job.
const PAUSE: Duration = Duration::from_millis(250);
/// Jobs in one answer, newest first in practice: ours are the newest.
const JOBS_MAX: i32 = 500;
/// Of each job a printer tells some hundred bytes; one that tells more than it was asked for, a thousand or two.
const ANSWER_MAX: usize = 1 << 20;

/// One printer.
pub struct IppPrinter {
    url: String,
    uri: Option<Uri>,
    http: reqwest::Client,
}

/// A job, as a printer tells.
struct Job {
    id: i32,
    state: i32,
    why: String,
}

impl IppPrinter {
    /// At an address (`http://`, `https://`).
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(to: &str, certificates: &[String], settings: &GatewaySettings) -> Result<Self, BuildError> {
        let http = if certificates.is_empty() {
            http::client(to, settings)?
        } else {
            // What cannot be read is nobody's: then no printer is spoken to.
            let pins = certificates.iter().filter_map(|one| fingerprint(one)).collect();
            http::client_with(pinned_client(pins)?)?
        };
        Ok(Self {
            url: to.to_owned(),
            uri: to.parse().ok(),
            http,
        })
    }

    /// Prints a letter once, and returns when it is printed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn print(&self, letter: &Letter, bytes: Bytes) -> Result<(), Error> {
        let name = letter.key_text();
        let job = match self.find(&name).await? {
            Some(job) => job,
            None => self.begin(&name, letter, bytes).await?,
        };
        self.follow(job).await
    }

    /// A job of this name that has not failed.
    async fn find(&self, name: &str) -> Result<Option<Job>, Error> {
        for which in ["not-completed", "completed"] {
            let mut request = self.request(Operation::GetJobs)?;
            add(&mut request, "which-jobs", IppValue::new_keyword(which))?;
            add(&mut request, "limit", Ok(IppValue::new_integer(JOBS_MAX)))?;
            let wanted = ["job-id", "job-name", "job-state", "job-state-reasons"]
                .into_iter()
                .map(IppValue::new_keyword);
            let wanted = wanted.collect::<Result<_, _>>().map(IppValue::Array);
            add(&mut request, "requested-attributes", wanted)?;
            let answer = self.ask(request.to_bytes(), Bytes::new()).await?;
            let jobs = answer.attributes().groups_of(DelimiterTag::JobAttributes);
            let mut ours = jobs.filter(|job| text(job, "job-name").is_some_and(|found| found == name));
            let failed = |job: &Job| is(job.state, JobState::Aborted) || is(job.state, JobState::Canceled);
            if let Some(job) = ours.find_map(|group| read(group).filter(|job| !failed(job))) {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    async fn begin(&self, name: &str, letter: &Letter, bytes: Bytes) -> Result<Job, Error> {
        let mut request = self.request(Operation::PrintJob)?;
        add(
            &mut request,
            "job-name",
            IppValue::new_name_without_language(name),
        )?;
        let media = letter.media.as_deref().unwrap_or("application/octet-stream");
        add(
            &mut request,
            "document-format",
            IppValue::new_mime_media_type(media),
        )?;
        let copies = letter.copies.unwrap_or(1);
        if copies > 1 {
            let copies = IppValue::new_integer(i32::try_from(copies).unwrap_or(i32::MAX));
            let copies = IppAttribute::with_name("copies", copies).map_err(|error| unusable(&error))?;
            request.attributes_mut().add(DelimiterTag::JobAttributes, copies);
        }
        let answer = self.ask(request.to_bytes(), bytes).await?;
        let job = answer
            .attributes()
            .first_of(DelimiterTag::JobAttributes)
            .and_then(read);
        job.ok_or_else(|| Error::Unreachable("the printer took a job and gave it no number".to_owned()))
    }

    async fn follow(&self, mut job: Job) -> Result<(), Error> {
        let until = tokio::time::Instant::now() + FOLLOWED_MAX;
        loop {
            if is(job.state, JobState::Completed) {
                return Ok(());
            }
            if is(job.state, JobState::Aborted) || is(job.state, JobState::Canceled) {
                return Err(Error::Final(format!(
                    "the printer gave job {} up: {}",
                    job.id, job.why
                )));
            }
            if tokio::time::Instant::now() > until {
                let why = format!(
                    "the printer has job {}, and has not printed it yet: {}",
                    job.id, job.why
                );
                return Err(Error::Unreachable(why));
            }
            tokio::time::sleep(PAUSE).await;
            let mut request = self.request(Operation::GetJobAttributes)?;
            add(&mut request, "job-id", Ok(IppValue::new_integer(job.id)))?;
            let answer = self.ask(request.to_bytes(), Bytes::new()).await?;
            let now = answer
                .attributes()
                .first_of(DelimiterTag::JobAttributes)
                .and_then(read);
            job = now.unwrap_or(job);
        }
    }

    fn request(&self, operation: Operation) -> Result<IppRequestResponse, Error> {
        let uri = self
            .uri
            .clone()
            .ok_or_else(|| Error::Unreachable(format!("`{}` is no address of a printer", self.url)))?;
        let mut request = IppRequestResponse::new(IppVersion::v1_1(), operation, Some(uri))
            .map_err(|error| unusable(&error))?;
        add(
            &mut request,
            "requesting-user-name",
            IppValue::new_name_without_language(USER),
        )?;
        Ok(request)
    }

    async fn ask(&self, request: Bytes, payload: Bytes) -> Result<IppRequestResponse, Error> {
        let mut body = BytesMut::from(request);
        body.extend_from_slice(&payload);
        let sent = self
            .http
            .post(&self.url)
            .header("content-type", "application/ipp")
            .body(body.freeze())
            .send();
        let mut response = sent.await.map_err(http::unreachable)?;
        let status = response.status();
        let answer = http::answer(&mut response, ANSWER_MAX).await?;
        if !status.is_success() {
            return Err(Error::Unreachable(format!(
                "the printer answered {status}: {}",
                excerpt(&answer)
            )));
        }
        let answer = IppParser::new(IppReader::new(Cursor::new(answer))).parse();
        let answer =
            answer.map_err(|error| Error::Unreachable(format!("the printer's answer is none: {error}")))?;
        match answer.header().status_code() {
            status if status.is_success() => Ok(answer),
            status @ (StatusCode::ClientErrorDocumentFormatNotSupported
            | StatusCode::ClientErrorRequestEntityTooLong
            | StatusCode::ClientErrorDocumentFormatError) => {
                Err(Error::Final(format!("the printer does not take it: {status:?}")))
            }
            status => Err(Error::Unreachable(format!("the printer says {status:?}"))),
        }
    }
}

/// Of pairs of hexadecimal digits, parted by colons.
fn fingerprint(text: &str) -> Option<Fingerprint> {
    hex::decode(text.replace(':', "")).ok()?.try_into().ok()
}

fn add(
    request: &mut IppRequestResponse,
    name: &str,
    value: Result<IppValue, IppParseError>,
) -> Result<(), Error> {
    let attribute = value.and_then(|value| IppAttribute::with_name(name, value));
    let attribute = attribute.map_err(|error| unusable(&error))?;
    request
        .attributes_mut()
        .add(DelimiterTag::OperationAttributes, attribute);
    Ok(())
}

fn unusable(error: &IppParseError) -> Error {
    Error::Final(format!("it cannot be asked of a printer: {error}"))
}

fn text(group: &IppAttributeGroup, name: &str) -> Option<String> {
    let value = group.get(name)?.value();
    Some(match value {
        IppValue::NameWithLanguage { name, .. } => name.as_str().to_owned(),
        other => other.to_string(),
    })
}

fn number(group: &IppAttributeGroup, name: &str) -> Option<i32> {
    match group.get(name)?.value() {
        IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
        _ => None,
    }
}

fn read(group: &IppAttributeGroup) -> Option<Job> {
    Some(Job {
        id: number(group, "job-id")?,
        state: number(group, "job-state").unwrap_or(JobState::Pending as i32),
        why: text(group, "job-state-reasons").unwrap_or_default(),
    })
}

const fn is(state: i32, wanted: JobState) -> bool {
    state == wanted as i32
}
