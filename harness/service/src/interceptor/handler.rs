//! The innermost service: finds the method, sees that it gets the messages it takes, and calls the generated code.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use proofmark_api::health::health_server::HealthServer;
use proofmark_api::user::user_service_server::UserServiceServer;
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::Instant;
use tonic::body::Body;
use tower::Service;

use crate::app::App;
use crate::connection::request::RequestBody;
use crate::health::service::HealthService;
use crate::health::switch::{self, SET_NOT_SERVING, SET_SERVING};
use crate::interceptor::{self, Reply, Request, Response};
use crate::user::service::Users;

/// The services of a server.
#[derive(Clone)]
pub(crate) struct Handler {
    app: Arc<App>,
    users: UserServiceServer<Users>,
    health: HealthServer<HealthService>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Users,
    Health,
    Reflection,
    ReflectionAlpha,
    HealthSwitch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    One,
    Stream,
}

impl Handler {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        let health = HealthService { health: app.health.clone(), shutdown: app.policies.shutdown.clone() };
        // sizes of requests are judged before, from their prefix, and those of responses after, where their status is known
        let users = UserServiceServer::new(Users { app: app.clone() }).max_decoding_message_size(usize::MAX);
        let health = HealthServer::new(health).max_decoding_message_size(usize::MAX);
        Self { app: app.clone(), users, health }
    }

    fn route(&self, path: &str) -> Option<(Target, Takes)> {
        let route = match &*self.app.policies.message.route(path) {
            "/user.v1.UserService/GetUser" | "/user.v1.UserService/CreateUser" | "/user.v1.UserService/ListUsers" => {
                (Target::Users, Takes::One)
            }
            "/user.v1.UserService/BatchCreateUsers" | "/user.v1.UserService/Chat" => (Target::Users, Takes::Stream),
            "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/List" | "/grpc.health.v1.Health/Watch" => (Target::Health, Takes::One),
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" => (Target::Reflection, Takes::Stream),
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => (Target::ReflectionAlpha, Takes::Stream),
            SET_SERVING | SET_NOT_SERVING if self.app.hooks.are_on() => (Target::HealthSwitch, Takes::One),
            _ => return None,
        };
        let is_reflection = matches!(route.0, Target::Reflection | Target::ReflectionAlpha);
        (self.app.settings.reflection || !is_reflection).then_some(route)
    }

    async fn handle(mut self, target: Target, takes: Takes, mut request: Request) -> Response {
        let call = interceptor::call(&request);
        self.app.policies.metadata.received(request.headers_mut());
        if takes == Takes::One {
            let (parts, body) = request.into_parts();
            request = match body.one_message(&*self.app.policies.message).await {
                Ok(message) => Request::from_parts(parts, RequestBody::whole(message)),
                Err(status) => return status.into_http(),
            };
        }
        if let Some(limit) = call.asked().filter(|_| self.app.policies.deadline.starts_with_handler()) {
            call.set_deadline(limit, Instant::now());
        }
        call.set_metadata(request.headers().clone());
        let route = self.app.policies.message.route(call.path()).into_owned();
        if route != call.path()
            && let Ok(uri) = route.parse()
        {
            *request.uri_mut() = uri;
        }
        let Ok(response) = match target {
            Target::Users => self.users.call(request).await,
            Target::Health => self.health.call(request).await,
            Target::Reflection => reflection(request).await,
            Target::ReflectionAlpha => reflection_alpha(request).await,
            Target::HealthSwitch => {
                let serves = request.uri().path() == SET_SERVING;
                Ok(switch::answer(self.app.health.clone(), serves, request).await)
            }
        };
        response
    }
}

impl Service<Request> for Handler {
    type Response = Response;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Reply {
        let path = request.uri().path();
        match self.route(path).filter(|_| request.uri().query().is_none()) {
            Some((target, takes)) => {
                let handler = self.clone();
                Box::pin(async move { Ok(handler.handle(target, takes, request).await) })
            }
            None => interceptor::refuse(self.app.policies.message.unknown_method(path)),
        }
    }
}

/// A service that every server of the process uses.
type Shared = Box<dyn Fn(Request) -> Answer + Send + Sync>;

type Answer = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

/// One service for the whole process: the descriptors are read once, when somebody asks for them.
fn reflection(request: Request) -> Answer {
    static SERVICE: OnceLock<Option<Shared>> = OnceLock::new();
    let service = SERVICE.get_or_init(|| {
        let service = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proofmark_api::DESCRIPTORS)
            .build_v1()
            .ok()?;
        Some(Box::new(move |request| service.clone().call(request)) as Shared)
    });
    answer(service.as_ref(), request)
}

/// The older version of it.
fn reflection_alpha(request: Request) -> Answer {
    static SERVICE: OnceLock<Option<Shared>> = OnceLock::new();
    let service = SERVICE.get_or_init(|| {
        let service = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proofmark_api::DESCRIPTORS)
            .build_v1alpha()
            .ok()?;
        Some(Box::new(move |request| service.clone().call(request)) as Shared)
    });
    answer(service.as_ref(), request)
}

fn answer(service: Option<&Shared>, request: Request) -> Answer {
    match service {
        Some(service) => service(request),
        None => interceptor::refuse(tonic::Status::internal("the descriptors cannot be read")),
    }
}
