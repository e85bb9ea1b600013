//! What every attempt of a call sends in its headers.

use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::channel::Refused;
use crate::metadata::Metadata;
use crate::policy::{Made, Policies};

/// The fixed part of a call's request headers.
pub(crate) struct RequestHead {
    uri: Uri,
    user_agent: HeaderValue,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl RequestHead {
    /// Checks path and metadata.
    pub(crate) fn new(
        authority: &Authority,
        method: &str,
        user_agent: &HeaderValue,
        metadata: &Metadata,
        policies: &Policies,
    ) -> Result<Self, Refused> {
        let path = PathAndQuery::try_from(method).ok().filter(|path| path.as_str().starts_with('/') && method.len() > 1);
        let path = path.ok_or_else(|| Refused(format!("method {method:?} is no path such as /package.Service/Method")))?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority.clone());
        parts.path_and_query = Some(path);
        let uri = Uri::from_parts(parts).map_err(|error| Refused(error.to_string()))?;
        Ok(Self { uri, user_agent: user_agent.clone(), fields: fields(metadata, policies)? })
    }

    /// The request of one attempt.
    pub(crate) fn request(
        &self,
        policies: &Policies,
        made: Made,
        remaining: Option<(Duration, Duration)>,
        extra: Vec<(HeaderName, HeaderValue)>,
    ) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(FIXED + self.fields.len() + extra.len());
        headers.insert(http::header::TE, HeaderValue::from_static("trailers"));
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(http::header::USER_AGENT, self.user_agent.clone());
        let timeout = remaining.and_then(|(remaining, timeout)| policies.deadline.announced(remaining, timeout));
        insert(headers, "grpc-timeout", timeout.map(|timeout| policies.deadline.encode(timeout)));
        insert(headers, "grpc-previous-rpc-attempts", policies.retry.attempts_header(made).map(|number| number.to_string()));
        if !self.fields.is_empty() {
            for (name, value) in policies.metadata.for_attempt(&self.fields, made.streams) {
                headers.append(name, value);
            }
        }
        for (name, value) in extra {
            headers.append(name, value);
        }
        request
    }
}

/// Custom metadata as header fields.
pub(crate) fn fields(metadata: &Metadata, policies: &Policies) -> Result<Vec<(HeaderName, HeaderValue)>, Refused> {
    let rules = &policies.metadata;
    let mut fields = Vec::with_capacity(metadata.len());
    for (key, value) in metadata.iter() {
        if rules.reserved(&key.to_ascii_lowercase()) && !rules.on_reserved(key).map_err(Refused)? {
            continue;
        }
        let key = rules.key(key).map_err(Refused)?;
        let value = rules.value(&key, value).map_err(Refused)?;
        let name = HeaderName::from_bytes(key.as_bytes()).map_err(|error| Refused(format!("metadata key {key:?}: {error}")))?;
        fields.push((name, value));
    }
    Ok(if fields.is_empty() { fields } else { rules.arrange(fields) })
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Fields that a request may have beside custom ones.
const FIXED: usize = 8;
