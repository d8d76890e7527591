//! Letters as files on a partner's SFTP server: written beside, then renamed, always under the same name.

use bytes::Bytes;
use tokio::sync::Mutex;
use types::settings::SftpSettings;

use super::{Error, Letter};
use crate::sftp::{Error as SftpError, Session};

/// A directory on a partner's server.
pub struct SftpDirectory {
    server: SftpSettings,
    directory: String,
    /// The connection of the last letter, for the next one.
    session: Mutex<Option<Session>>,
}

impl SftpDirectory {
    /// On a server.
    pub fn new(server: &SftpSettings, directory: &str) -> Self {
        Self {
            server: server.clone(),
            directory: directory.trim_end_matches('/').to_owned(),
            session: Mutex::new(None),
        }
    }

    /// Puts a letter there; the same letter again is one file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put(&self, letter: &Letter, bytes: &Bytes) -> Result<(), Error> {
        let path = format!("{}/{}", self.directory, letter.file_name());
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.take()
            && session.put(&path, bytes).await.is_ok()
        {
            *kept = Some(session);
            return Ok(());
        }
        // There is none, or the server has closed it meanwhile.
        let session = Session::connect(&self.server)
            .await
            .map_err(|error| failed(&error))?;
        session.put(&path, bytes).await.map_err(|error| failed(&error))?;
        *kept = Some(session);
        Ok(())
    }
}

/// Whatever a server says, a person may put right: the letter waits, and so do the others. Only a name that is taken is
/// about one letter alone.
fn failed(error: &SftpError) -> Error {
    match error {
        SftpError::Taken { .. } => Error::Final(error.to_string()),
        SftpError::Unreachable { .. }
        | SftpError::HostKey { .. }
        | SftpError::Secret(_)
        | SftpError::NotLetIn(_)
        | SftpError::Missing(_)
        | SftpError::TooLarge { .. }
        | SftpError::Refused { .. }
        | SftpError::Slow(_) => Error::Unreachable(error.to_string()),
    }
}
