//! Which files of a directory are to be taken now. Pure.
//!
//! A file is complete when two looks in a row saw the same size and time; partners that rename a file when it is whole
//! lose one look by it, and those that do not lose no file by it.

use std::collections::{HashMap, HashSet};

use super::name;
use crate::sftp::{Entry, Kind};

/// Taken in one round; the others are taken in the next.
const TAKEN_MAX: usize = 2_000;

/// A file as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// When it was last written, first: files are taken in that order.
    pub modified: i64,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size: u64,
}

/// Why a file is refused before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Its name cannot be kept or shown.
    Name,
    /// It is larger than a message may be.
    TooLarge,
}

/// What to do with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Read and store it.
    Take(Seen),
    /// It was stored or refused already, and still has its name: only rename it.
    Move(Seen, Target),
    /// Put it aside.
    Refuse(Seen, Bad),
}

/// Where a file goes that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It is a message now.
    Done,
    /// It cannot be one.
    Quarantine,
}

/// What one look says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Todo {
    /// In their order.
    pub now: Vec<Act>,
    /// Files that are not complete yet, or have no turn yet.
    pub waiting: usize,
}

/// What is remembered from look to look; a new term begins with nothing, and the journal knows what was stored.
#[derive(Debug, Default)]
pub struct Watch {
    before: HashSet<Seen>,
    /// Stored or refused; `None`: there is nothing left to do about it.
    settled: HashMap<Seen, Option<Target>>,
}

impl Watch {
    /// Compares what lies there with what lay there.
    pub fn look(&mut self, entries: Vec<Entry>, temporary: &[String], body_max: u64) -> Todo {
        let files = entries.into_iter().filter(|one| one.kind == Kind::File);
        // What begins with a dot is hidden on purpose, `.` and `..` among it.
        let meant = files.filter(|one| !one.name.starts_with('.') && !ends(&one.name, temporary));
        let mut seen: Vec<Seen> = meant
            .map(|one| Seen {
                modified: one.modified,
                name: one.name,
                size: one.size,
            })
            .collect();
        seen.sort();
        let mut todo = Todo::default();
        for one in &seen {
            match self.act(one, body_max) {
                Some(act) if todo.now.len() < TAKEN_MAX => todo.now.push(act),
                None if self.settled.contains_key(one) => {}
                Some(_) | None => todo.waiting += 1,
            }
        }
        self.before = seen.into_iter().collect();
        let before = &self.before;
        self.settled.retain(|one, _| before.contains(one));
        todo
    }

    fn act(&self, one: &Seen, body_max: u64) -> Option<Act> {
        match self.settled.get(one) {
            Some(None) => return None,
            Some(Some(target)) => return Some(Act::Move(one.clone(), *target)),
            None => {}
        }
        self.before.contains(one).then(|| {
            if !name::is_usable(&one.name) {
                Act::Refuse(one.clone(), Bad::Name)
            } else if one.size > body_max {
                Act::Refuse(one.clone(), Bad::TooLarge)
            } else {
                Act::Take(one.clone())
            }
        })
    }

    /// A file was stored or refused, and may still have its name.
    pub fn settle(&mut self, one: Seen, left: Option<Target>) {
        self.settled.insert(one, left);
    }
}

fn ends(name: &str, temporary: &[String]) -> bool {
    temporary.iter().any(|ending| name.ends_with(ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, size: u64, modified: i64) -> Entry {
        Entry {
            name: name.to_owned(),
            kind: Kind::File,
            size,
            modified,
        }
    }

    fn seen(name: &str, size: u64, modified: i64) -> Seen {
        Seen {
            modified,
            name: name.to_owned(),
            size,
        }
    }

    #[test]
    fn a_file_is_taken_when_it_was_the_same_twice_and_the_oldest_goes_first() {
        let mut watch = Watch::default();
        let temporary = [".part".to_owned()];
        let mut look = |entries| watch.look(entries, &temporary, 100);
        let first = look(vec![
            entry("b", 5, 2),
            entry("a", 5, 3),
            entry("c.part", 5, 1),
            entry(".x", 5, 1),
        ]);
        assert_eq!((first.now.len(), first.waiting), (0, 2));
        let grown = look(vec![entry("b", 6, 2), entry("a", 5, 3)]);
        assert_eq!(grown.now, [Act::Take(seen("a", 5, 3))], "`b` is still growing");
        let both = look(vec![entry("b", 6, 2), entry("a", 5, 3)]);
        assert_eq!(both.now, [Act::Take(seen("b", 6, 2)), Act::Take(seen("a", 5, 3))]);
        let touched = look(vec![entry("b", 6, 9)]);
        assert_eq!((touched.now.len(), touched.waiting), (0, 1));
    }

    #[test]
    fn what_is_settled_is_only_moved_until_it_changes() {
        let mut watch = Watch::default();
        let look = |watch: &mut Watch, size| watch.look(vec![entry("a", size, 1)], &[], 100);
        look(&mut watch, 5);
        watch.settle(seen("a", 5, 1), Some(Target::Done));
        assert_eq!(
            look(&mut watch, 5).now,
            [Act::Move(seen("a", 5, 1), Target::Done)]
        );
        watch.settle(seen("a", 5, 1), None);
        assert_eq!(look(&mut watch, 5), Todo::default());
        assert_eq!(look(&mut watch, 7).waiting, 1, "another file under the same name");
        assert_eq!(look(&mut watch, 7).now, [Act::Take(seen("a", 7, 1))]);
    }

    #[test]
    fn directories_and_links_are_left_alone_and_bad_files_are_refused() {
        let mut watch = Watch::default();
        let entries = || {
            let mut entries = vec![entry("..", 1, 1), entry("a\nb", 1, 1), entry("big", 101, 2)];
            entries.push(Entry {
                kind: Kind::Other,
                ..entry("link", 1, 1)
            });
            entries.push(Entry {
                kind: Kind::Directory,
                ..entry("done", 1, 1)
            });
            entries
        };
        watch.look(entries(), &[], 100);
        let todo = watch.look(entries(), &[], 100);
        let expected = [
            Act::Refuse(seen("a\nb", 1, 1), Bad::Name),
            Act::Refuse(seen("big", 101, 2), Bad::TooLarge),
        ];
        assert_eq!(todo.now, expected);
    }
}
