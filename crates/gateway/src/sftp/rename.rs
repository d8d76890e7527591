//! Renaming, by servers that can do it over what is there and by those that cannot.
//!
//! The protocol's own rename refuses where the new name is taken. Nearly every server has an extension that replaces what
//! is there in one step; the others are never asked to remove anything first: whoever reads the directory in that moment
//! would find no file, and if the connection ends then, there is none. What we put there has a name of its own, so a file
//! that has it already is either that very file, whose answer was lost, or not ours.

use russh_sftp::{
    client::error::Error as Fault,
    protocol::{Packet, StatusCode},
};

use super::{
    Error,
    session::{Session, told},
};

/// Renames over what is there, in one step.
pub(super) const POSIX_RENAME: &str = "posix-rename@openssh.com";
/// Other names that are tried for a file that is put away; each of them stands for a name of its kind that was taken.
const OTHERS_MAX: u32 = 9;

impl Session {
    /// What was written beside gets its name.
    ///
    /// # Errors
    /// [`Error::Taken`] and others.
    pub(super) async fn settle_as(&self, part: &str, path: &str, bytes: &[u8]) -> Result<(), Error> {
        if self.posix_rename {
            return self.replace(part, path).await;
        }
        let refused = match self.rename(part, path).await {
            Err(error @ Error::Refused { .. }) if self.exists(path).await? => error,
            renamed => return renamed,
        };
        let why = match self.read(path, bytes.len() as u64).await {
            // It was renamed before, and the answer did not arrive.
            Ok(there) if there == bytes => {
                let removed = self.raw.remove(part).await;
                return removed.map(drop).map_err(|fault| told("remove", part, &fault));
            }
            Ok(_) | Err(Error::TooLarge { .. }) => "has other content",
            Err(Error::Refused { .. }) => "may not be read by us",
            // Whoever reads the directory has just taken it: next time the name is free.
            Err(Error::Missing(_)) => return Err(refused),
            Err(error) => return Err(error),
        };
        // A person looks at it; what lies beside would only be in the way.
        let _ = self.raw.remove(part).await;
        Err(Error::Taken {
            path: path.to_owned(),
            why,
        })
    }

    /// Renames a file that was dealt with. Its new name says which one it is; where that is taken and cannot be replaced in
    /// one step, another one is found.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_away(&self, from: &str, to: &str) -> Result<(), Error> {
        if self.posix_rename {
            return self.replace(from, to).await;
        }
        let mut renamed = self.rename(from, to).await;
        for other in 1..=OTHERS_MAX {
            match renamed {
                Err(Error::Refused { .. }) if self.exists(to).await? => {
                    renamed = self.rename(from, &format!("{to}.{other}")).await;
                }
                done => return done,
            }
        }
        renamed
    }

    async fn replace(&self, from: &str, to: &str) -> Result<(), Error> {
        let mut names = Vec::with_capacity(from.len() + to.len() + 8);
        for name in [from, to] {
            let length = u32::try_from(name.len()).map_err(|_| Error::Missing(name.to_owned()))?;
            names.extend_from_slice(&length.to_be_bytes());
            names.extend_from_slice(name.as_bytes());
        }
        match self.raw.extended(POSIX_RENAME, names).await {
            Ok(Packet::Status(status)) if status.status_code == StatusCode::Ok => Ok(()),
            Ok(Packet::Status(status)) => Err(told("rename", from, &Fault::Status(status))),
            Ok(_) => Err(told("rename", from, &Fault::UnexpectedPacket)),
            Err(fault) => Err(told("rename", from, &fault)),
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        let renamed = self.raw.rename(from, to).await;
        renamed.map(drop).map_err(|fault| told("rename", from, &fault))
    }
}
