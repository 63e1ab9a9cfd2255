//! What was seen during one run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;

/// The marks of one run, written by all threads.
#[derive(Default)]
pub struct Seen {
    /// How many events were sent so far.
    pub events: AtomicUsize,
    marks: Mutex<Marks>,
}

/// The times and the first answer.
#[derive(Default)]
struct Marks {
    spawned: Option<Instant>,
    first_next: Option<Instant>,
    sent: Vec<Instant>,
    answered: Vec<Instant>,
    first_answer: String,
}

impl Seen {
    /// Marks the moment before the function is started.
    pub fn spawned(&self) {
        self.marks().spawned = Some(Instant::now());
    }

    /// Marks a `next` that was read whole.
    pub fn next(&self) {
        let now = Instant::now();
        self.marks().first_next.get_or_insert(now);
    }

    /// Marks the moment before an event is written.
    pub fn sent(&self) {
        self.events.fetch_add(1, Ordering::SeqCst);
        self.marks().sent.push(Instant::now());
    }

    /// Marks an answer that was read whole, and keeps the first.
    pub fn answered(&self, body: &[u8]) {
        let now = Instant::now();
        let mut marks = self.marks();
        if marks.answered.is_empty() {
            marks.first_answer = String::from_utf8_lossy(body).into_owned();
        }
        marks.answered.push(now);
    }

    /// The marks, whatever became of another thread.
    fn marks(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The function's memory, in KiB.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Memory {
    /// The most it ever held.
    pub peak_kib: u64,
    /// What it holds now.
    pub resident_kib: u64,
}

/// What the driver reads.
#[derive(Serialize)]
pub struct Report {
    next_us: Option<f64>,
    first_answer_us: Option<f64>,
    answer_us: Vec<f64>,
    first_answer: String,
    memory: Memory,
}

impl Report {
    /// Turns the marks into durations.
    pub fn of(seen: &Seen, memory: Memory) -> Self {
        let marks = seen.marks();
        let since = |from: Option<Instant>, to: Option<Instant>| Some((to? - from?).as_secs_f64() * 1e6);
        let pairs = marks.sent.iter().zip(&marks.answered);
        Self {
            next_us: since(marks.spawned, marks.first_next),
            first_answer_us: since(marks.spawned, marks.answered.first().copied()),
            answer_us: pairs.filter_map(|(a, b)| since(Some(*a), Some(*b))).collect(),
            first_answer: marks.first_answer.clone(),
            memory,
        }
    }
}
