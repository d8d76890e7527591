//! One log file per program, kept small.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// A log larger than this is put aside when its program is started. Programs that run for long are expected to be
/// quiet; what they wrote is needed most right after they ended.
const LOG_BYTES_MAX: u64 = 32 << 20;
/// Old logs that are kept: `<name>.log.1` is the newest.
const OLD_LOGS_MAX: u32 = 3;

/// Opens the log of a program for appending.
///
/// # Errors
/// When the directory or the file cannot be written.
pub fn open(directory: &Path, name: &str) -> io::Result<File> {
    fs::create_dir_all(directory)?;
    let path = directory.join(format!("{name}.log"));
    if fs::metadata(&path).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
        rotate(&path)?;
    }
    OpenOptions::new().append(true).create(true).open(path)
}

fn rotate(path: &Path) -> io::Result<()> {
    let old = |number: u32| -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    };
    for number in (1..OLD_LOGS_MAX).rev() {
        if old(number).exists() {
            fs::rename(old(number), old(number + 1))?;
        }
    }
    fs::rename(path, old(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_log_is_put_aside_and_a_small_one_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("odoo-web.log");
        for _ in 0..5 {
            open(directory.path(), "odoo-web")
                .unwrap()
                .set_len(LOG_BYTES_MAX + 1)
                .unwrap();
        }
        let mut names: Vec<String> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "odoo-web.log",
                "odoo-web.log.1",
                "odoo-web.log.2",
                "odoo-web.log.3"
            ]
        );
        open(directory.path(), "odoo-web").unwrap();
        open(directory.path(), "odoo-web").unwrap();
        assert_eq!(fs::metadata(path).unwrap().len(), 0);
    }
}
