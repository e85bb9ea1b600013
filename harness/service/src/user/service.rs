//! The five methods.

use std::sync::Arc;
use std::time::Duration;

use proofmark_api::user::user_service_server::UserService;
use proofmark_api::user::{
    BatchCreateUsersResponse, ChatMessage, CreateUserRequest, CreateUserResponse, GetUserRequest, GetUserResponse, ListUsersRequest, User,
};
use proofmark_transport::clock::sleep;
use prost::Message;
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::app::App;
use crate::domain::{AnyError, DomainError, Violation};
use crate::hooks::perform::{self, Filler, Flow, Io, Out, perform};
use crate::user::Method;
use crate::user::feed::{Feed, Outbound};
use crate::user::inbound::Inbound;
use crate::user::session::Session;

/// The user service over a store.
#[derive(Debug)]
pub(crate) struct Users {
    pub(crate) app: Arc<App>,
}

#[async_trait]
impl UserService for Users {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<GetUserResponse>, Status> {
        let session = Session::begin(&self.app, Method::GetUser, request.extensions())?;
        let mut io = Io::<(), _> { inbound: None, out: Out::One(None), make: |filler| GetUserResponse { user: Some(made_up(filler)) } };
        let result = async {
            match perform(&session, &mut io).await? {
                Flow::Own => get_user(&session, request.into_inner()).await,
                Flow::Answered => io.take_answer(),
            }
        };
        let result = result.await;
        session.end(result).map(Response::new)
    }

    async fn create_user(&self, request: Request<CreateUserRequest>) -> Result<Response<CreateUserResponse>, Status> {
        let session = Session::begin(&self.app, Method::CreateUser, request.extensions())?;
        let mut io = Io::<(), _> { inbound: None, out: Out::One(None), make: |filler| CreateUserResponse { user: Some(made_up(filler)) } };
        let result = async {
            match perform(&session, &mut io).await? {
                Flow::Own => create_user(&session, request.into_inner()).await,
                Flow::Answered => io.take_answer(),
            }
        };
        let result = result.await;
        session.end(result).map(Response::new)
    }

    type ListUsersStream = Feed<User>;

    async fn list_users(&self, request: Request<ListUsersRequest>) -> Result<Response<Self::ListUsersStream>, Status> {
        let session = Session::begin(&self.app, Method::ListUsers, request.extensions())?;
        Ok(Response::new(Feed::new(move |outbound| async move {
            let mut io = Io::<(), _> { inbound: None, out: Out::Many(&outbound), make: made_up };
            let result = async {
                match perform(&session, &mut io).await? {
                    Flow::Own => list_users(&session, request.into_inner(), &outbound).await,
                    Flow::Answered => Ok(()),
                }
            };
            let result = result.await;
            session.end(result)
        })))
    }

    async fn batch_create_users(
        &self,
        request: Request<Streaming<CreateUserRequest>>,
    ) -> Result<Response<BatchCreateUsersResponse>, Status> {
        let session = Session::begin(&self.app, Method::BatchCreateUsers, request.extensions())?;
        let mut inbound = Inbound::new(request.into_inner(), session.lines());
        let result = async {
            let make = |filler: &Filler| BatchCreateUsersResponse { created_count: filler.nth as i32 };
            let mut io = Io { inbound: Some(&mut inbound), out: Out::One(None), make };
            match perform(&session, &mut io).await? {
                Flow::Own => batch_create_users(&session, &mut inbound).await,
                Flow::Answered => io.take_answer(),
            }
        };
        let result = result.await;
        session.end(result).map(Response::new)
    }

    type ChatStream = Feed<ChatMessage>;

    async fn chat(&self, request: Request<Streaming<ChatMessage>>) -> Result<Response<Self::ChatStream>, Status> {
        let session = Session::begin(&self.app, Method::Chat, request.extensions())?;
        Ok(Response::new(Feed::new(move |outbound| async move {
            let mut inbound = Inbound::new(request.into_inner(), session.lines());
            let result = async {
                let mut io = Io { inbound: Some(&mut inbound), out: Out::Many(&outbound), make: made_up_line };
                match perform(&session, &mut io).await? {
                    Flow::Own => chat(&session, &mut inbound, &outbound).await,
                    Flow::Answered => Ok(()),
                }
            };
            let result = result.await;
            session.end(result)
        })))
    }
}

async fn get_user(session: &Session, request: GetUserRequest) -> Result<GetUserResponse, AnyError> {
    let policies = &session.app.policies;
    if request.id.is_empty() && policies.validation.checks_id() {
        return Err(Status::invalid_argument("id is required").into());
    }
    if let Some(user) = session.store.user(request.id.clone()).await? {
        return Ok(GetUserResponse { user: Some(policies.user.user(user)) });
    }
    if session.gateway.has_upstream() {
        let answer = session.ask(perform::GET_USER, request.encode_to_vec().into()).await?;
        return GetUserResponse::decode(answer).map_err(AnyError::from);
    }
    Err(DomainError::NotFound("user").into())
}

async fn create_user(session: &Session, request: CreateUserRequest) -> Result<CreateUserResponse, AnyError> {
    check(session, session.app.policies.validation.user(&request.name, &request.email))?;
    let user = new_user(session, request);
    if session.app.policies.store.commits_first() {
        session.store.insert(vec![user.clone()]).await?;
    } else {
        let (store, later) = (session.app.store.clone(), user.clone());
        drop(tokio::spawn(async move {
            sleep(LATER).await;
            store.reach().await?.insert(vec![later]).await
        }));
    }
    Ok(CreateUserResponse { user: Some(session.app.policies.user.user(user)) })
}

async fn list_users(session: &Session, request: ListUsersRequest, outbound: &Outbound<User>) -> Result<(), AnyError> {
    let (validation, answers) = (&session.app.policies.validation, &session.app.policies.user);
    let invalid = |field, description| AnyError::from(DomainError::InvalidInput(vec![Violation::new(field, description)]));
    let size = validation.page_size(request.page_size).ok_or_else(|| invalid("page_size", "is negative"))?;
    let after = validation.page_token(&request.page_token).ok_or_else(|| invalid("page_token", "is no token of ours"))?;
    let mut rows = session.store.page(after);
    let mut place = after;
    let mut collected = Vec::new();
    let gathers = answers.collects_page() || answers.reverses_page();
    for sent in 0..size {
        match rows.next(size - sent).await {
            Ok(Some((at, user))) => {
                place = at;
                if gathers { collected.push(user) } else { outbound.send(user).await }
            }
            Ok(None) => break,
            Err(_) if answers.hides_list_failure() => break,
            Err(error) => return Err(error),
        }
    }
    if answers.reverses_page() {
        collected.reverse();
    }
    for user in collected {
        outbound.send(user).await;
    }
    if place > after && rows.has_more().await? {
        add_page_token(session, place);
    }
    Ok(())
}

async fn batch_create_users(session: &Session, inbound: &mut Inbound<CreateUserRequest>) -> Result<BatchCreateUsersResponse, AnyError> {
    let policies = &session.app.policies;
    let mut users = Vec::new();
    loop {
        let request = match inbound.next().await {
            Ok(Some(request)) => request,
            Ok(None) => break,
            Err(_) if policies.store.commits_truncated() => break,
            Err(status) => return Err(status.into()),
        };
        if policies.validation.checks_items() {
            let violations = policies.validation.user(&request.name, &request.email);
            let item =
                |violation: Violation| Violation { field: policies.validation.item_field(users.len(), &violation.field), ..violation };
            check(session, violations.into_iter().map(item).collect())?;
        }
        session.store.item().await?;
        let user = new_user(session, request);
        if !policies.store.batch_is_atomic() {
            session.store.commit(vec![user.clone()]).await?;
        }
        users.push(user);
    }
    let count = users.len();
    if policies.store.batch_is_atomic() && count > 0 {
        session.store.commit(users).await?;
    }
    Ok(BatchCreateUsersResponse { created_count: i32::try_from(policies.user.batch_count(count)).unwrap_or(i32::MAX) })
}

async fn chat(session: &Session, inbound: &mut Inbound<ChatMessage>, outbound: &Outbound<ChatMessage>) -> Result<(), AnyError> {
    let policy = &session.app.policies.user;
    let mut held = Vec::new();
    while let Some(message) = inbound.next().await? {
        // what the store is asked to suffer befalls a chat too: it has no other work
        session.store.suffer_item().await?;
        let answer = policy.echo(&message, session.app.clock.wall());
        if policy.answers_at_end() { held.push(answer) } else { outbound.send(answer).await }
    }
    for answer in held {
        outbound.send(answer).await;
    }
    Ok(())
}

fn check(session: &Session, violations: Vec<Violation>) -> Result<(), AnyError> {
    if violations.is_empty() {
        return Ok(());
    }
    if session.app.policies.validation.sends_details() {
        return Err(DomainError::InvalidInput(violations).into());
    }
    Err(Status::invalid_argument("validation failed").into())
}

fn new_user(session: &Session, request: CreateUserRequest) -> User {
    let policy = &session.app.policies.store;
    let created_at = Some(policy.created_at(session.app.clock.wall()).into());
    User { id: policy.id(session.app.ids.user()), name: request.name, email: request.email, created_at }
}

fn add_page_token(session: &Session, place: i64) {
    let token = session.app.policies.user.page_token(place);
    if let Ok(token) = http::HeaderValue::from_str(&token) {
        let key = http::HeaderName::from_static("x-next-page-token");
        session.call.add_trailing(http::HeaderMap::from_iter([(key, token)]));
    }
}

fn made_up(filler: &Filler) -> User {
    if filler.bare {
        return User { name: filler.text(), ..User::default() };
    }
    let number = filler.nth + 1;
    User { id: format!("user-{number}"), name: format!("User {number}"), email: format!("user-{number}@users.example"), created_at: None }
}

fn made_up_line(filler: &Filler) -> ChatMessage {
    if filler.bare {
        return ChatMessage { content: filler.text(), ..ChatMessage::default() };
    }
    ChatMessage { user_id: "server".to_owned(), content: format!("message {}", filler.nth + 1), timestamp: None }
}

/// How long a write waits for others that is acknowledged before it is stored.
const LATER: Duration = Duration::from_millis(20);
