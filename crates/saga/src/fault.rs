//! Faults on purpose: every boundary between an effect and the log can be made to fail.

/// A place between two effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// `started` is written, the action has not run.
    Before,
    /// The action has run, its end is not written.
    AfterAct,
    /// The end of the action is written.
    AfterLog,
    /// `undo-started` is written, the undo has not run.
    UndoBefore,
    /// The undo has run, its end is not written.
    UndoAfterAct,
    /// The end of the undo is written.
    UndoAfterLog,
}

impl Boundary {
    /// The boundaries around an action.
    pub const FORWARD: [Self; 3] = [Self::Before, Self::AfterAct, Self::AfterLog];
    /// The boundaries around an undo.
    pub const BACKWARD: [Self; 3] = [Self::UndoBefore, Self::UndoAfterAct, Self::UndoAfterLog];

    /// Its name, as in `promote:after-act`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::AfterAct => "after-act",
            Self::AfterLog => "after-log",
            Self::UndoBefore => "undo-before",
            Self::UndoAfterAct => "undo-after-act",
            Self::UndoAfterLog => "undo-after-log",
        }
    }
}

/// One boundary of one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The node.
    pub node: String,
    /// The boundary.
    pub boundary: Boundary,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.node, self.boundary.name())
    }
}

/// Text that is not a point.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a crash point such as promote:before, promote:after-act or promote:after-log")]
pub struct ParsePointError(String);

impl std::str::FromStr for Point {
    type Err = ParsePointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParsePointError(text.to_owned());
        let (node, boundary) = text.split_once(':').ok_or_else(refuse)?;
        Boundary::FORWARD
            .into_iter()
            .chain(Boundary::BACKWARD)
            .find(|known| known.name() == boundary)
            .map(|boundary| Self {
                node: node.to_owned(),
                boundary,
            })
            .ok_or_else(refuse)
    }
}

/// What to do at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inject {
    /// Nothing: go on.
    Nothing,
    /// Stop the engine there, as if the process had died.
    Die,
    /// Pretend that the action failed; only at [`Boundary::Before`].
    Fail,
    /// Run the action or undo once more; only after an act.
    Repeat,
}

/// Decides at each point. A process that really wants to die there does not return.
pub trait Faults: Send + Sync {
    /// The engine has reached `point`.
    fn at(&self, point: &Point) -> Inject;
}

/// No faults.
#[derive(Clone, Copy, Debug)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _point: &Point) -> Inject {
        Inject::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_reads_as_it_is_written() {
        for boundary in Boundary::FORWARD.into_iter().chain(Boundary::BACKWARD) {
            let point = Point {
                node: "promote".to_owned(),
                boundary,
            };
            assert_eq!(point.to_string().parse::<Point>().unwrap(), point);
        }
        assert!("promote".parse::<Point>().is_err());
        assert!("promote:sometime".parse::<Point>().is_err());
    }
}
