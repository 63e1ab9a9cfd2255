//! Jobs and what is known of their runs, read one by one as they are now.

use bellhop_core::id::JobId;
use bellhop_core::job::{Job, Runs};

use crate::ports::{Collection, Document, Documents, PortError, PortResult};

/// A job, unless it has been deleted.
pub(crate) async fn job(documents: &dyn Documents, id: &JobId) -> PortResult<Option<Job>> {
    let Some(document) = documents.document(Collection::Job, id.as_str()).await? else { return Ok(None) };
    serde_json::from_str(&document.text)
        .map(Some)
        .map_err(|error| PortError::unreadable(&format!("the job {id}"), &error))
}

/// What is known of a job's runs, with the version of the document.
pub(crate) async fn runs(documents: &dyn Documents, job: &JobId) -> PortResult<(Runs, Option<u64>)> {
    let Some(Document { text, version }) = documents.document(Collection::Run, job.as_str()).await? else {
        return Ok((Runs::default(), None));
    };
    let unreadable = |error| PortError::unreadable(&format!("the runs of the job {job}"), &error);
    Ok((serde_json::from_str(&text).map_err(unreadable)?, Some(version)))
}
