//! Lets in who has a token, except to what is public.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::{HeaderValue, header};
use tonic::Status;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::app::App;
use crate::call::Call;
use crate::environment::Token;
use crate::interceptor::{self, Inner, Reply, Request};

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> Auth<S> + Clone> {
    layer_fn(move |inner| Auth { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Auth<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for Auth<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        if let Some(validator) = &self.app.validator
            && let Err(status) = self.check(validator, &request)
        {
            return interceptor::refuse(status);
        }
        self.inner.call(request)
    }
}

impl<S> Auth<S> {
    fn check(&self, validator: &Validator, request: &Request) -> Result<(), Status> {
        let policy = &self.app.policies.auth;
        let call: Arc<Call> = interceptor::call(request);
        if policy.is_public(call.path()) || !policy.guards(call.path()) {
            return Ok(());
        }
        let values: Vec<&[u8]> = request.headers().get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
        let token = policy.token(&values)?;
        match validator.subject(token, self.app.clock.wall()) {
            Verdict::Good(subject) => {
                call.set_subject(subject);
                Ok(())
            }
            Verdict::Rejected(reason) => policy.rejected(reason),
            Verdict::Unavailable => policy.unavailable(),
        }
    }
}

/// Knows the tokens.
#[derive(Debug)]
pub(crate) struct Validator {
    tokens: BTreeMap<String, (String, Option<SystemTime>)>,
    is_up: AtomicBool,
}

enum Verdict {
    Good(String),
    Rejected(&'static str),
    Unavailable,
}

impl Validator {
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let tokens = tokens.iter().map(|token| (token.token.clone(), (token.subject.clone(), token.expires))).collect();
        Self { tokens, is_up: AtomicBool::new(true) }
    }

    pub(crate) fn switch(&self, up: bool) {
        self.is_up.store(up, Ordering::Relaxed);
    }

    fn subject(&self, token: &str, now: SystemTime) -> Verdict {
        if !self.is_up.load(Ordering::Relaxed) {
            return Verdict::Unavailable;
        }
        match self.tokens.get(token) {
            None => Verdict::Rejected("unknown"),
            Some((_, Some(expires))) if *expires <= now => Verdict::Rejected("expired"),
            Some((subject, _)) => Verdict::Good(subject.clone()),
        }
    }
}
