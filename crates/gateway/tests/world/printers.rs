//! Doubles of printers: one that takes bytes over TCP as a label printer on port 9100 does, and one that speaks as much
//! IPP as is asked of it. No printer of any maker was at hand; what they do is what the protocols say.

use std::{
    io::Cursor,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use api::server::TlsListener;
use axum::{Router, body::Bytes, extract::State, response::IntoResponse, response::Response, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ipp::{
    attribute::IppAttribute,
    model::{DelimiterTag, IppVersion, JobState, Operation, StatusCode},
    parser::IppParser,
    reader::IppReader,
    request::IppRequestResponse,
    value::IppValue,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use types::settings::TlsFiles;

use super::PATIENCE;

/// An event of the ERP that has the printer `zebra` print a label.
pub fn label(id: &str, reference: &str, copies: u32) -> Value {
    let data = STANDARD.encode(format!("^XA^FD{reference}^FS^XZ"));
    json!({ "event_id": id, "kind": "label.print", "source": "zebra", "generation": 1,
        "payload": { "printer": "zebra", "format": "zpl", "data": data, "copies": copies, "reference": reference } })
}

/// How a raw printer behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It prints what it reads.
    #[default]
    Well,
    /// It reads the beginning, and the connection is reset.
    Breaks,
    /// It says that it is out of paper.
    PaperOut,
    /// It reads, and answers nothing any more.
    Hangs,
}

/// What a raw printer has done.
#[derive(Default)]
pub struct RawState {
    pub mood: Mood,
    /// What was printed, one for each connection that brought something.
    pub printed: Vec<String>,
    /// Connections that brought a label, whatever came of it.
    pub begun: u32,
}

/// A double of a printer that listens on a raw port.
#[derive(Clone, Default)]
pub struct RawPrinter(Arc<Mutex<RawState>>);

impl RawPrinter {
    pub async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.serve(listener);
        address
    }

    pub fn serve(&self, listener: TcpListener) {
        let printer = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let printer = printer.clone();
                tokio::spawn(async move { printer.take(stream).await });
            }
        });
    }

    pub fn state(&self) -> MutexGuard<'_, RawState> {
        self.0.lock().unwrap()
    }

    pub async fn until(&self, wanted: impl Fn(&RawState) -> bool) {
        let began = Instant::now();
        while !wanted(&self.state()) {
            let late = began.elapsed() > PATIENCE;
            assert!(
                !late,
                "only {:?}, {} begun",
                self.state().printed,
                self.state().begun
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn take(&self, mut stream: TcpStream) {
        let (mut label, mut part, mut begun) = (Vec::new(), [0; 1024], false);
        while let Ok(read @ 1..) = stream.read(&mut part).await {
            label.extend_from_slice(&part[..read]);
            let mood = self.state().mood;
            // The question is no label, and a printer that is out of paper answers it.
            while let Some(at) = find(&label, b"~HS\r\n") {
                label.drain(at..at + 5);
                if mood == Mood::Hangs && !label.is_empty() {
                    self.state().begun += 1;
                    return std::future::pending().await;
                }
                let paper = u8::from(mood == Mood::PaperOut);
                let status = format!(
                    "\u{2}030,{paper},0,1245,000,0,0,0,000,0,0,0\u{3}\r\n\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n"
                );
                stream.write_all(status.as_bytes()).await.unwrap();
            }
            if !label.is_empty() && !begun && mood != Mood::Hangs {
                begun = true;
                self.state().begun += 1;
            }
            if mood == Mood::Breaks && begun {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
        if begun {
            let label = String::from_utf8(label).unwrap();
            self.state().printed.push(label);
        }
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// A job of the double.
#[derive(Clone, Debug)]
pub struct Job {
    pub name: String,
    pub format: String,
    pub copies: i32,
    pub data: String,
    /// Looks at it until it is done.
    pub left: u32,
}

/// What the double that speaks IPP has done.
#[derive(Default)]
pub struct IppState {
    pub jobs: Vec<Job>,
    /// So many jobs are taken, and answered as if they were not.
    pub answers_lost: u32,
    /// Formats that it does not take.
    pub refused: Vec<String>,
}

/// A double of a printer that speaks IPP.
#[derive(Clone, Default)]
pub struct IppPrinter(Arc<Mutex<IppState>>);

impl IppPrinter {
    /// Over TLS, as who has these files.
    pub async fn start(&self, files: &TlsFiles) -> SocketAddr {
        let (tls, cancel) = (api::tls::public_server(files).unwrap(), CancellationToken::new());
        let nowhere = "127.0.0.1:0".parse().unwrap();
        let listener = TlsListener::bind(nowhere, tls, cancel.clone()).await.unwrap();
        let (address, router) = (listener.local(), self.router());
        tokio::spawn(api::server::serve(listener, router, cancel, Duration::ZERO));
        address
    }

    /// Without TLS, as most printers in a warehouse.
    pub async fn start_plainly(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, router) = (listener.local_addr().unwrap(), self.router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/ipp/print", post(answer))
            .with_state(self.clone())
    }

    pub fn state(&self) -> MutexGuard<'_, IppState> {
        self.0.lock().unwrap()
    }
}

async fn answer(State(printer): State<IppPrinter>, body: Bytes) -> Response {
    let parsed = IppParser::new(IppReader::new(Cursor::new(body.to_vec())))
        .parse()
        .unwrap();
    // What follows the attributes is the document.
    let data = String::from_utf8(body[parsed.to_bytes().len()..].to_vec()).unwrap();
    let operation = parsed.header().operation_or_status;
    let of = |tag, name: &str| {
        let group = parsed.attributes().first_of(tag)?;
        group.get(name).map(|found| found.value().to_string())
    };
    let asked = |name: &str| of(DelimiterTag::OperationAttributes, name).unwrap_or_default();
    let mut state = printer.state();
    let mut status = StatusCode::SuccessfulOk;
    let mut shown = Vec::new();
    if operation == Operation::PrintJob as i16 {
        let format = asked("document-format");
        if state.refused.contains(&format) {
            status = StatusCode::ClientErrorDocumentFormatNotSupported;
        } else {
            let copies = of(DelimiterTag::JobAttributes, "copies").map_or(1, |text| text.parse().unwrap());
            state.jobs.push(Job {
                name: asked("job-name"),
                format,
                copies,
                data,
                left: 2,
            });
            shown.push(state.jobs.len() - 1);
            if state.answers_lost > 0 {
                state.answers_lost -= 1;
                return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
    } else if operation == Operation::GetJobs as i16 {
        let done = asked("which-jobs") == "completed";
        let jobs = state.jobs.iter().enumerate();
        shown.extend(jobs.filter(|(_, job)| (job.left == 0) == done).map(|(at, _)| at));
    } else if operation == Operation::GetJobAttributes as i16 {
        let at: usize = asked("job-id").parse().unwrap();
        let job = &mut state.jobs[at - 1];
        job.left = job.left.saturating_sub(1);
        shown.push(at - 1);
    } else {
        panic!("the gateway asked {operation}");
    }
    let mut response = IppRequestResponse::new_response(IppVersion::v1_1(), status, 1).unwrap();
    for at in shown {
        let job = &state.jobs[at];
        let now = if job.left == 0 {
            JobState::Completed
        } else {
            JobState::Processing
        };
        let id = i32::try_from(at + 1).unwrap();
        let mut group = ipp::attribute::IppAttributeGroup::new(DelimiterTag::JobAttributes);
        for (name, value) in [
            ("job-id", IppValue::new_integer(id)),
            (
                "job-name",
                IppValue::new_name_without_language(&job.name).unwrap(),
            ),
            ("job-state", IppValue::new_enum(now as i32).unwrap()),
            ("job-state-reasons", IppValue::new_keyword("none").unwrap()),
        ] {
            group
                .attributes_mut()
                .push(IppAttribute::with_name(name, value).unwrap());
        }
        response.attributes_mut().groups_mut().push(group);
    }
    response.to_bytes().into_response()
}
