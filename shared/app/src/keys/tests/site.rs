//! What senders publish, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::ports::{Fetch, PortError, PortResult};

/// What was asked for: an address, and what was posted there.
type Call = (String, Option<String>);

/// Documents by address, and a record of who asked for them.
pub(super) struct Site {
    pages: Mutex<HashMap<Call, Vec<u8>>>,
    calls: Mutex<Vec<Call>>,
    open: Semaphore,
}

impl Site {
    /// A site that answers at once.
    pub(super) fn open() -> Arc<Self> {
        Self::with_answers(1_000_000)
    }

    /// A site that answers so often, and keeps silent until it is told to go on.
    pub(super) fn with_answers(number: usize) -> Arc<Self> {
        Arc::new(Self { pages: Mutex::default(), calls: Mutex::default(), open: Semaphore::new(number) })
    }

    /// Puts a document at an address.
    pub(super) fn put(&self, url: &str, content: &str) {
        self.put_for(url, None, content);
    }

    /// Puts a document at an address, for whoever asks so.
    pub(super) fn put_for(&self, url: &str, json: Option<&str>, content: &str) {
        let call = (url.to_owned(), json.map(str::to_owned));
        self.pages.lock().unwrap().insert(call, content.as_bytes().to_vec());
    }

    /// Takes everything away.
    pub(super) fn clear(&self) {
        self.pages.lock().unwrap().clear();
    }

    /// Answers so many calls more.
    pub(super) fn go_on(&self, number: usize) {
        self.open.add_permits(number);
    }

    /// The calls since the last time.
    pub(super) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

#[async_trait]
impl Fetch for Site {
    async fn fetch(&self, url: &str, json: Option<&str>) -> PortResult<Vec<u8>> {
        let call = (url.to_owned(), json.map(str::to_owned));
        self.calls.lock().unwrap().push(call.clone());
        self.open.acquire().await.unwrap().forget();
        let found = self.pages.lock().unwrap().get(&call).cloned();
        found.ok_or_else(|| PortError::new("nothing was fetched", "404"))
    }
}
