//! The phases of a test of the deployed stack: side by side where they do not touch each other, and each with its result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use tokio::task::JoinError;

use crate::deployment::Deployment;

/// One phase: what it is called, and what it does. [`phase!`] makes one of a function.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Arc<Deployment>) -> BoxFuture<'static, ()>,
}

/// A phase of the async function of this name.
macro_rules! phase {
    ($function:ident) => {
        $crate::phases::Phase { name: stringify!($function), run: |stack| Box::pin($function(stack)) }
    };
}
pub(crate) use phase;

/// How the phases of a test ended.
#[derive(Default)]
pub(crate) struct Report {
    failed: Vec<String>,
    ended: usize,
}

impl Report {
    /// Runs lanes of phases: the lanes side by side, the phases of one lane in turn.
    pub(crate) async fn side_by_side(&mut self, stack: &Arc<Deployment>, lanes: &[&[Phase]]) {
        let lanes = lanes.iter().map(|lane| async move {
            let mut ends = Vec::new();
            for phase in lane.iter().filter(|phase| wanted(phase.name)) {
                let started = Instant::now();
                let end = tokio::spawn((phase.run)(Arc::clone(stack))).await;
                say(phase.name, started.elapsed(), &end);
                ends.push((phase.name, end));
            }
            ends
        });
        for (name, end) in join_all(lanes).await.into_iter().flatten() {
            self.note(name, end);
        }
    }

    /// Runs phases that need the stack for themselves.
    pub(crate) async fn in_turn(&mut self, stack: &Arc<Deployment>, phases: &[Phase]) {
        self.side_by_side(stack, &[phases]).await;
    }

    /// Notes how something ended.
    pub(crate) fn note(&mut self, name: &str, end: Result<(), JoinError>) {
        self.ended += 1;
        if end.is_err() {
            self.failed.push(name.to_owned());
        }
    }

    /// Fails the test with the names of the phases that failed, what each said stands above.
    pub(crate) fn finish(self) {
        assert!(self.failed.is_empty(), "{} of {} phases failed: {:?}", self.failed.len(), self.ended, self.failed);
        assert!(self.ended > 0, "BELLHOP_PHASES names no phase");
    }
}

/// Says how a phase ended, at once.
#[expect(clippy::print_stdout, reason = "each phase is reported when it ends")]
pub(crate) fn say(name: &str, took: Duration, end: &Result<(), JoinError>) {
    let word = if end.is_ok() { "ok" } else { "FAILED" };
    println!("phase {name} ... {word} in {:.1} s", took.as_secs_f64());
}

/// Whether a phase is to run: `BELLHOP_PHASES` has names, with commas between them, where not all are wanted.
pub(crate) fn wanted(name: &str) -> bool {
    std::env::var("BELLHOP_PHASES").map_or(true, |names| names.split(',').any(|one| one == name))
}
