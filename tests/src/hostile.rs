//! URLs that lead where nobody outside may call, and a canary that sees every connection to this machine.
//!
//! Whatever calls a URL that a user gave is held to the same table by [`check`].

pub mod answers;
mod table;

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bellhop_net::testing::World;
use tokio::net::TcpListener;

pub use table::{ELSEWHERE, LEADING_HERE, MIXED, NO_URLS};

/// What stands for a public address, so that no test leaves this machine.
pub const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1));

/// What each hostile URL holds in its path and query; no error may repeat it.
pub const HIDDEN: &str = "hidden-capability";

/// How long a call may take; a refusal takes no time, and a connection to nowhere takes longer.
const CALL_TIME: Duration = Duration::from_secs(4);

/// A listener at every address of this machine, at one port.
#[derive(Debug)]
pub struct Canary {
    port: u16,
    visits: Arc<Mutex<Vec<IpAddr>>>,
}

impl Canary {
    /// Starts to listen, until the runtime ends.
    pub async fn start() -> Self {
        // Where there is no IPv6, nobody can come over it.
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.expect("a port can be bound"),
        };
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let visits = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&visits);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(address) = stream.local_addr() else { continue };
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(address.ip().to_canonical());
            }
        });
        Self { port, visits }
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The addresses that were connected to, those that stand for public ones apart; none from now on.
    pub async fn take_visits(&self) -> Vec<IpAddr> {
        // A connection is made before the listener hears of it.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let mut visits = std::mem::take(&mut *self.visits.lock().unwrap_or_else(PoisonError::into_inner));
        visits.retain(|address| *address != PUBLIC);
        visits
    }

    /// A URL of the table, at this canary; the addresses that this machine has of its own stand for `{own}`.
    fn url(&self, pattern: &str) -> String {
        pattern.replace("{port}", &self.port.to_string()).replace("{own}", &own_address().to_string())
    }
}

/// The address of this machine in its network; loopback where it is in none.
fn own_address() -> IpAddr {
    let found = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // Nothing is sent: the system only chooses the way.
        socket.connect("10.255.255.254:9")?;
        socket.local_addr()
    });
    found.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

/// The world in which a hostile name leads where it should not, and [`PUBLIC`] counts as public.
pub fn world() -> World {
    World { trust: bellhop_net::built_in(), names, is_public }
}

/// Whether an address is public, or stands for one.
pub fn is_public(address: IpAddr) -> bool {
    address == PUBLIC || bellhop_core::address::is_public(address)
}

/// Where names lead; the system is asked only for spellings of addresses and for `localhost`, so that no test asks a
/// server for names.
pub fn names(name: &str) -> Option<Vec<IpAddr>> {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    let is_number = |name: &str| {
        let digits = |byte: u8| byte.is_ascii_hexdigit() || b"xX.".contains(&byte);
        name.starts_with(|first: char| first.is_ascii_digit()) && name.bytes().all(digits) && !name.ends_with('.')
    };
    if is_number(name) || name.eq_ignore_ascii_case("localhost") {
        return None;
    }
    // A name that is looked up again leads elsewhere.
    let lookups = LOOKUPS.fetch_add(usize::from(name == "rebinding.test"), Ordering::SeqCst);
    let addresses: &[&str] = match name {
        "public.test" => &["127.77.0.1"],
        "rebinding.test" if lookups.is_multiple_of(2) => &["127.77.0.1"],
        _ => table::addresses(name),
    };
    Some(addresses.iter().map(|address| address.parse().expect("the table holds addresses")).collect())
}

/// Calls every hostile URL: each is refused, in no time, by a sentence that does not repeat it, and the canary sees nobody.
pub async fn check<E: Display>(canary: &Canary, call: impl AsyncFn(&str) -> Result<(), E>) {
    canary.take_visits().await;
    let mut wrong = Vec::new();
    for url in all(canary) {
        // Again, for names that lead elsewhere the second time.
        for _ in 0..2 {
            match tokio::time::timeout(CALL_TIME, call(&url)).await {
                Ok(Err(error)) if !error.to_string().contains(HIDDEN) => {}
                Ok(Err(error)) => wrong.push(format!("{url}: the error repeats the URL: {error}")),
                Ok(Ok(())) => wrong.push(format!("{url}: it was called")),
                Err(_) => wrong.push(format!("{url}: neither refused nor failed in time")),
            }
            let visits = canary.take_visits().await;
            if !visits.is_empty() {
                wrong.push(format!("{url}: it led to {visits:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls, by something without a guard, each URL that leads to this machine, over plain HTTP: the canary sees every one
/// of them. Without this, nobody knew whether the table could find anything.
pub async fn control(canary: &Canary, call: impl AsyncFn(&str)) {
    for pattern in LEADING_HERE {
        canary.take_visits().await;
        let url = canary.url(pattern).replacen("https://", "http://", 1);
        tokio::time::timeout(CALL_TIME, call(&url)).await.expect("the canary takes every call");
        assert!(!canary.take_visits().await.is_empty(), "{url} leads elsewhere: it proves nothing");
    }
}

/// Every URL of the table, over https and over plain HTTP.
fn all(canary: &Canary) -> Vec<String> {
    let patterns = [LEADING_HERE, MIXED, ELSEWHERE].concat();
    let secure: Vec<_> = patterns.iter().map(|pattern| canary.url(pattern)).collect();
    let plain: Vec<_> = secure.iter().map(|url| url.replacen("https://", "http://", 1)).collect();
    let odd = NO_URLS.iter().map(|pattern| canary.url(pattern));
    secure.into_iter().chain(plain).chain(odd).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_long_and_without_repetitions() {
        let mut urls = [LEADING_HERE, MIXED, ELSEWHERE, NO_URLS].concat();
        let length = urls.len();
        urls.sort_unstable();
        urls.dedup();
        assert!(urls.len() == length && length >= 120, "{length} URLs, {} of them different", urls.len());
    }
}
