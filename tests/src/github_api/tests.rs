use http::Method;

use super::*;
use crate::http::headers;

const PLACE: &str = "repos/octo/hello/hooks/7";

/// The headers of a right request, one of them replaced; an empty value leaves it out.
fn request_headers(replaced: &str, value: &str) -> Vec<(String, String)> {
    let token = format!("Bearer {TOKEN}");
    let mut all = headers(&[
        ("accept", "application/vnd.github+json"),
        ("x-github-api-version", "2022-11-28"),
        ("user-agent", "test/1"),
        ("authorization", &token),
    ]);
    all.retain(|(name, _)| name != replaced);
    if !value.is_empty() {
        all.push((replaced.to_owned(), value.to_owned()));
    }
    all
}

#[tokio::test]
async fn what_the_documentation_does_not_allow_is_refused() {
    let fake = FakeGitHubApi::start().await;
    let http = Http::new();
    fake.put_webhook(PLACE, "http://127.0.0.1:9/webhook", "secret");
    fake.deliver(PLACE, "push", b"{}", 60).await;
    let id = fake.attempts(PLACE)[0].id;
    let list = format!("/{PLACE}/deliveries");
    for (method, path, replaced, value, status) in [
        (Method::GET, list.clone(), "", "", 200),
        (Method::GET, format!("{list}?per_page=100"), "", "", 200),
        (Method::GET, format!("{list}?per_page=101"), "", "", 422),
        (Method::GET, format!("{list}?page=2"), "", "", 422),
        (Method::GET, format!("{list}?cursor=v1_5"), "", "", 422),
        (Method::GET, list.clone(), "accept", "application/json", 415),
        (Method::GET, list.clone(), "x-github-api-version", "", 400),
        (Method::GET, list.clone(), "user-agent", "", 403),
        (Method::GET, list.clone(), "authorization", "", 401),
        (Method::GET, list.clone(), "authorization", "Bearer wrong", 401),
        (Method::GET, list.clone(), "authorization", &format!("token {TOKEN}"), 401),
        (Method::GET, "/app/hook/deliveries".to_owned(), "", "", 401),
        (Method::GET, "/repos/octo/hello/hooks/8/deliveries".to_owned(), "", "", 404),
        (Method::POST, list.clone(), "", "", 404),
        (Method::GET, format!("{list}/{id}/attempts"), "", "", 404),
        (Method::POST, format!("{list}/1/attempts"), "", "", 404),
        (Method::POST, format!("{list}/{id}/attempts"), "", "", 202),
    ] {
        let url = format!("{}{path}", fake.url());
        let answer = http.send(method.clone(), &url, &request_headers(replaced, value), "").await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {replaced}: {value}");
    }
    assert_eq!((fake.mistakes().len(), fake.redeliveries()), (7, 1));
}
