//! A plain tonic service over the reference's store: what the references are compared with.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use proofmark_api::user::user_service_server::UserService;
use proofmark_api::user::{
    BatchCreateUsersResponse, ChatMessage, CreateUserRequest, CreateUserResponse, GetUserRequest, GetUserResponse, ListUsersRequest, User,
};
use proofmark_service::{SqliteStore, Store};
use tonic::{Request, Response, Status, Streaming};

/// GetUser from the store, nothing else.
pub(crate) struct Plain(pub(crate) Arc<SqliteStore>);

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl UserService for Plain {
    type ListUsersStream = Answers<User>;
    type ChatStream = Answers<ChatMessage>;

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<GetUserResponse>, Status> {
        let user = self.0.user(request.into_inner().id).await.map_err(|_| Status::internal("store"))?;
        Ok(Response::new(GetUserResponse { user }))
    }

    async fn create_user(&self, _: Request<CreateUserRequest>) -> Result<Response<CreateUserResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn list_users(&self, _: Request<ListUsersRequest>) -> Result<Response<Self::ListUsersStream>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn batch_create_users(&self, _: Request<Streaming<CreateUserRequest>>) -> Result<Response<BatchCreateUsersResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn chat(&self, _: Request<Streaming<ChatMessage>>) -> Result<Response<Self::ChatStream>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}
