//! One run of a handler: its script, its store, its upstream, and how it ends.

use std::sync::Arc;

use bytes::Bytes;
use tonic::{Code, Status};

use crate::app::App;
use crate::call::Call;
use crate::domain::{self, AnyError, DomainError};
use crate::gateway::Gateway;
use crate::hooks::perform::Thrown;
use crate::hooks::word::Script;
use crate::hooks::{Run, RunLines};
use crate::store::call::CallStore;
use crate::user::Method;

/// One run of a handler.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) app: Arc<App>,
    pub(crate) call: Arc<Call>,
    pub(crate) store: CallStore,
    pub(crate) gateway: Gateway,
    pub(crate) script: Option<Box<Script>>,
    method: Method,
    run: Run,
}

impl Session {
    /// Begins; the first thing that a handler does.
    pub(crate) fn begin(app: &Arc<App>, method: Method, extensions: &tonic::Extensions) -> Result<Self, Status> {
        let call = extensions.get::<Arc<Call>>().cloned().ok_or_else(|| Status::internal("internal error"))?;
        let run = app.hooks.begin(&call, &app.policies);
        let script = if app.hooks.are_on() { Script::read(&call.metadata()) } else { Ok(None) };
        let script = script.inspect_err(|status| run.end(status.code()))?;
        let store = CallStore::new(app.store.clone(), run.lines(), script.as_deref());
        let gateway = Gateway::new(app.clone(), call.clone());
        Ok(Self { app: app.clone(), call, store, gateway, script, method, run })
    }

    pub(crate) fn lines(&self) -> RunLines {
        self.run.lines()
    }

    /// Ends with the status of the error, if there is one.
    pub(crate) fn end<T>(&self, result: Result<T, AnyError>) -> Result<T, Status> {
        let result = result.map_err(|error| self.status(error));
        self.run.end(result.as_ref().err().map_or(Code::Ok, Status::code));
        result
    }

    /// Asks the upstream.
    pub(crate) async fn ask(&self, method: &'static str, message: Bytes) -> Result<Bytes, AnyError> {
        Ok(self.gateway.unary(method, message).await?)
    }

    /// The status of an error, in the order: a status, a domain error, anything else; also where they are below other errors.
    fn status(&self, error: AnyError) -> Status {
        let policy = &self.app.policies.error;
        let below = policy.looks_below(self.method);
        if let Some(status) = domain::find::<Status>(&*error, below) {
            let status = status.clone();
            return if status.code() == Code::Ok { policy.ok_as_error(status) } else { policy.status(status) };
        }
        if let Some(error) = domain::find::<DomainError>(&*error, below) {
            return policy.domain(self.method, error);
        }
        let text = domain::chain(&*error);
        self.app.log_error(&self.call, &text, None);
        if error.downcast_ref::<Thrown>().is_some() {
            return policy.plain(&text);
        }
        policy.unclassified(self.method, &text)
    }
}
