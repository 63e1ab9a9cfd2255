//! Where a request comes from, as API Gateway saw it.

use axum::extract::Request;
use bellhop_api::web::Source;
use lambda_http::request::RequestContext;

/// Notes a request's source where the API looks for it.
pub(crate) async fn note(mut request: Request) -> Request {
    let ip = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref().and_then(|ip| ip.parse().ok()),
        _ => None,
    };
    if let Some(ip) = ip {
        request.extensions_mut().insert(Source(ip));
    }
    request
}
