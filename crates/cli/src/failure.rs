//! What a person sees when a command does not succeed.

use std::{error::Error as _, io, path::Path, process::ExitCode};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; the answer is yes.
    Done = 0,
    /// The answer is no: an estate with errors, a drill that missed its target, an estate that is down.
    No = 1,
    /// We or the machine failed.
    Failed = 2,
    /// Bad usage.
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure with a code that has a page, the causes behind it, and advice.
#[derive(Debug)]
pub struct Failure {
    /// Stable code such as `PL0204`.
    pub code: String,
    /// What failed.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// We or the machine failed.
    pub fn machine(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            exit: Exit::Failed,
        }
    }

    /// The answer is no.
    pub fn no(code: &str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::No,
            ..Self::machine(code, message)
        }
    }

    /// Something could not be done to a file or directory; advice follows from the reason.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| local::host::Error::File { doing, path, source }.into()
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same with the chain of causes behind an error.
    #[must_use]
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }
}

impl From<local::host::Error> for Failure {
    fn from(error: local::host::Error) -> Self {
        let mut failure = Self::machine(error.code(), error.to_string());
        failure.hint = error.hint();
        match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        }
    }
}

impl From<api::client::Error> for Failure {
    fn from(error: api::client::Error) -> Self {
        if let Some(problem) = error.problem() {
            let mut failure = Self::machine(&problem.code, problem.message.clone());
            if problem.code == api::problem::code::REFUSED {
                // It was asked and answered.
                failure.exit = Exit::No;
            }
            failure.hint = problem.hint.clone();
            return failure;
        }
        let failure = Self::machine("PL0002", error.to_string())
            .hint("`plimsoll status` tells what runs, `plimsoll logs` why something does not answer");
        match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        }
    }
}

impl From<api::client::BuildError> for Failure {
    fn from(error: api::client::BuildError) -> Self {
        Self::machine("PL0003", "cannot use this machine's identity for the estate")
            .because(&error)
            .hint("run `plimsoll up FILE` again: it makes anew what is missing")
    }
}
