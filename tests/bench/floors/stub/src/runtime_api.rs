//! The Runtime API of one function: `next`, `response`, `error`.

use std::error::Error;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::child;
use crate::http::Connection;
use crate::report::Seen;
use crate::spec::{Quota, Spec};

/// How a run ended: well, or with the function's own words.
pub type Finished = Result<(), String>;

/// One function's plan, shared by its connections.
struct Plan {
    event: String,
    invocations: usize,
    quota: Option<Quota>,
    seen: Arc<Seen>,
    finished: Sender<Finished>,
}

/// Serves in the background; the answer tells when all events are done.
pub fn serve(listener: TcpListener, spec: &Spec, seen: &Arc<Seen>) -> Result<Receiver<Finished>, Box<dyn Error>> {
    let (finished, receiver) = channel();
    let plan = Arc::new(Plan {
        event: spec.event.clone(),
        invocations: spec.invocations,
        quota: spec.quota.clone(),
        seen: Arc::clone(seen),
        finished,
    });
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            let plan = Arc::clone(&plan);
            thread::spawn(move || plan.converse(stream));
        }
    })?;
    Ok(receiver)
}

impl Plan {
    /// Answers one connection until it closes.
    fn converse(&self, stream: TcpStream) {
        if let Err(error) = self.answer_all(stream)
            && error.kind() != io::ErrorKind::ConnectionReset
        {
            self.finish(Err(format!("the Runtime API connection failed: {error}")));
        }
    }

    /// Reads request after request.
    fn answer_all(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut connection = Connection::new(stream);
        while let Some(request) = connection.request()? {
            if request.path.ends_with("/invocation/next") {
                self.next(&mut connection)?;
            } else if request.path.ends_with("/response") {
                self.seen.answered(&request.body);
                connection.answer(202, "", b"")?;
            } else {
                connection.answer(202, "", b"")?;
                let body = String::from_utf8_lossy(&request.body).into_owned();
                self.finish(Err(format!("{}: {body}", request.path)));
            }
        }
        Ok(())
    }

    /// Hands out the next event, or holds the function for good.
    fn next(&self, connection: &mut Connection<TcpStream>) -> io::Result<()> {
        self.seen.next();
        let number = self.seen.events.load(Ordering::SeqCst);
        if number >= self.invocations {
            self.finish(Ok(()));
            loop {
                thread::park();
            }
        }
        if number == 0
            && let Some(quota) = &self.quota
        {
            child::limit(quota)?;
        }
        let id = format!("00000000-0000-4000-8000-{number:012}");
        let event = self.event.replace("{{delivery}}", &id);
        let headers = format!(
            "content-type: application/json\r\n\
             lambda-runtime-aws-request-id: {id}\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\n\
             lambda-runtime-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
        );
        self.seen.sent();
        connection.answer(200, &headers, event.as_bytes())
    }

    /// Reports the end; a second report finds nobody listening.
    fn finish(&self, how: Finished) {
        let _nobody_listens_any_more = self.finished.send(how);
    }
}
