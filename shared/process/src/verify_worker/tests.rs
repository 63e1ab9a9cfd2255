use std::time::Duration;

use tokio::sync::oneshot;

use super::*;

/// Has a job done that says from which thread, or panics.
async fn done(worker: &VerifyWorker, panics: bool) -> Option<String> {
    let (told, heard) = oneshot::channel();
    let job = async move {
        assert!(!panics, "on purpose");
        let _ = told.send(std::thread::current().name().unwrap_or_default().to_owned());
    };
    assert!(worker.queue(None, Box::pin(job)));
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the job ends").ok()
}

#[tokio::test]
async fn jobs_are_done_on_the_thread_and_a_panic_is_one_job_s_alone() {
    let worker = VerifyWorker::start().unwrap();
    for _ in 0..200 {
        assert_eq!(done(&worker, true).await, None);
        assert_eq!(done(&worker, false).await.as_deref(), Some("verify"));
    }
}
