//! What may end a process, by the places it has in the tables, and what is kept of it from one process to the next.

use std::collections::BTreeMap;
use std::fmt;

use bellhop_app::ports::PortResult;

use crate::database::Database;

/// How much an abort of the process speaks against what it was computing: much, as it aborts when its stack or memory gives
/// out.
pub const ABORTED: i64 = 3;
/// How much a kill does: less, for that may have come from outside.
pub const KILLED: i64 = 2;
/// How much a kill does against the first of several messages, when it hit them for the first time.
const HINT: i64 = 1;

/// Something that the engine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A message of the inbox is routed.
    Message(i64),
    /// A message of the inbox is set aside.
    Aside(i64),
    /// Work of one chat has a turn: the first, and the last that may have a part in it.
    Work(i64, i64),
}

impl Subject {
    /// One piece of work.
    pub const fn one_work(place: i64) -> Self {
        Self::Work(place, place)
    }

    /// Reads a name back.
    pub fn read(name: &str) -> Option<Self> {
        let (kind, places) = name.split_once(' ')?;
        let (first, last) = places.split_once('-').unwrap_or((places, places));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        match kind {
            "message" => Some(Self::Message(first)),
            "aside" => Some(Self::Aside(first)),
            "work" => Some(Self::Work(first, last)),
            _ => None,
        }
    }

    /// Its kind, as the table has it, and its place.
    const fn row(self) -> (&'static str, i64) {
        match self {
            Self::Message(place) => ("message", place),
            Self::Aside(place) => ("aside", place),
            Self::Work(place, _) => ("work", place),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(place) => write!(f, "message {place}"),
            Self::Aside(place) => write!(f, "aside {place}"),
            Self::Work(first, last) => write!(f, "work {first}-{last}"),
        }
    }
}

impl Database {
    /// The folder of the file.
    pub fn folder(&self) -> PortResult<std::path::PathBuf> {
        self.read(|connection| {
            let file = std::path::Path::new(connection.path().unwrap_or_default());
            Ok(file.parent().unwrap_or(file).to_owned())
        })
    }

    /// Gives points against what a process was at when it ended, as far as that is still there.
    pub async fn blame(&self, subject: Subject, points: i64) -> PortResult<()> {
        let ((kind, first), last) = (subject.row(), if let Subject::Work(_, last) = subject { last } else { 0 });
        self.write(move |connection| {
            let known = "SELECT count(*) FROM crashes WHERE kind = ?1 AND place = ?2";
            let known: i64 = connection.query_row(known, (kind, first), |row| row.get(0))?;
            // A kill in company may have come from outside; what it hit is slowed down only when it is hit again.
            let (last, points) = match last > first && points < ABORTED && known == 0 {
                true => (first, HINT),
                false => (last, points),
            };
            let places = match kind {
                "work" => {
                    "SELECT seq FROM work WHERE seq BETWEEN ?2 AND ?3 AND grp = (SELECT grp FROM work WHERE seq = ?2)"
                }
                _ => "SELECT seq FROM inbox WHERE seq = ?2 AND ?3 = 0",
            };
            let blame = format!(
                "INSERT INTO crashes (kind, place, points) SELECT ?1, seq, ?4 FROM ({places}) WHERE true
                 ON CONFLICT (kind, place) DO UPDATE SET points = points + excluded.points"
            );
            connection.execute(&blame, (kind, first, last, points)).map(|_| ())
        })
        .await
    }

    /// Everything that has points against it; what is gone is forgotten.
    pub async fn suspects(&self) -> PortResult<BTreeMap<Subject, i64>> {
        self.write(|connection| {
            connection.execute_batch(
                "DELETE FROM crashes WHERE kind = 'work' AND place NOT IN (SELECT seq FROM work);
                 DELETE FROM crashes WHERE kind <> 'work' AND place NOT IN (SELECT seq FROM inbox);",
            )?;
            let mut select = connection.prepare("SELECT kind || ' ' || place, points FROM crashes")?;
            let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            let named = |(name, points): (String, i64)| Subject::read(&name).map(|subject| (subject, points));
            rows.filter_map(|row| row.map(named).transpose()).collect()
        })
        .await
    }
}
