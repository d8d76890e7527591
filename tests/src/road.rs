//! A road to a partner on which answers are lost: whoever asks cannot know whether the partner has got it.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Takes requests to a partner, and loses the first good answer to each of them.
pub struct LossyRoad {
    address: SocketAddr,
    lost: Arc<AtomicUsize>,
}

impl LossyRoad {
    /// To whoever listens at `host:port`. It lasts as long as the test's process.
    pub fn to(partner: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lost = Arc::<AtomicUsize>::default();
        let (partner, counted) = (partner.to_owned(), Arc::clone(&lost));
        std::thread::spawn(move || {
            let mut answered = BTreeSet::new();
            // One at a time, as a narrow road is; a request that fails on it is asked again.
            for stream in listener.incoming().flatten() {
                let _ = pass(&stream, &partner, &mut answered, &counted);
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Self { address, lost }
    }

    /// Its beginning, as `host:port`.
    pub fn begins(&self) -> String {
        self.address.to_string()
    }

    /// How many answers were lost.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

fn pass(
    stream: &TcpStream,
    partner: &str,
    answered: &mut BTreeSet<Vec<u8>>,
    lost: &AtomicUsize,
) -> io::Result<()> {
    let (head, body) = read_request(stream)?;
    let mut onward = TcpStream::connect(partner)?;
    onward.write_all(head.as_bytes())?;
    onward.write_all(&body)?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer)?;
    let good = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200");
    if good && answered.insert(body) {
        lost.fetch_add(1, Ordering::SeqCst);
        return Ok(());
    }
    let mut back = stream;
    back.write_all(&answer)
}

/// Its head, with the wish that the partner closes after its answer, and its body.
fn read_request(stream: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim().is_empty() {
            head.push_str("Connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}
