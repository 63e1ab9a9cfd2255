use std::io::Write as _;

use bellhop_net::testing::World;
use bellhop_tests::hostile::{self, Canary, PUBLIC};
use bellhop_tests::tls_site::{TlsSite, answer};

use super::*;
use crate::http::{Http, SETTINGS};

const HOST: &str = "public.test";

#[tokio::test]
async fn documents_come_from_public_sites_that_the_file_of_roots_vouches_for() {
    let answers: &[(&str, &[u8])] = &[("/key", &answer(200, "", b"a key")), ("/none", &answer(404, "", b"no key"))];
    let site = TlsSite::start(HOST, &format!("{PUBLIC}:0"), answers).await;
    let port = site.address().port();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(site.root().as_bytes()).unwrap();
    let http = Http::new(file.path().to_str()).unwrap();
    let fetch = HttpFetch::new(World { trust: http.trust.clone(), ..hostile::world() }.guarded(&SETTINGS));
    assert_eq!(fetch.fetch(&format!("https://{HOST}:{port}/key"), None).await.unwrap(), b"a key");
    let error = fetch.fetch(&format!("https://{HOST}:{port}/none?token=canary"), None).await.unwrap_err().to_string();
    assert!(error.contains("nothing was fetched: ") && !error.contains("canary"), "{error}");
    // The product's own, for which no address here is public; then the client that calls the services, which gets there.
    let connections = site.connections();
    let url = format!("https://{PUBLIC}:{port}/key");
    assert!(HttpFetch::new(http.guarded()).fetch(&url, None).await.unwrap_err().to_string().contains("public"));
    assert_eq!(site.connections(), connections);
    let request = ::http::Request::get(&url).body(SdkBody::empty()).unwrap();
    let error = http.exchange(request, std::time::Duration::from_secs(5)).await.unwrap_err();
    assert!(error.starts_with("no connection: TLS") && error.contains("certificate"), "{error}");
    assert_eq!(site.connections(), connections + 1);
}

#[tokio::test]
async fn no_hostile_url_is_fetched() {
    let canary = Canary::start().await;
    let fetch = HttpFetch::new(hostile::world().guarded(&SETTINGS));
    hostile::check(&canary, async |url| fetch.fetch(url, None).await.map(drop)).await;
}
