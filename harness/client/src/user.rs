//! A client of the user service (service contract §3).

use std::sync::Arc;

use proofmark_api::user::user_service_client::UserServiceClient;

use crate::channel::{Channel, OpenFailed};
use crate::interceptor::{ContextInterceptor, LogInterceptor, TraceInterceptor};
use crate::options::Options;

/// The service config of contract §9: round robin, a timeout and a retry policy for every method.
pub const USER_SERVICE_CONFIG: &str = include_str!("../../../fixtures/service-configs/user-service.json");

/// A typed client over a channel with [`USER_SERVICE_CONFIG`], unless `options` bring their own, and with interceptors for context, logs and
/// traces inside those that `options` bring. Dropping the client and its calls closes the connections.
///
/// # Errors
///
/// `options` cannot be used.
pub fn user_client(mut options: Options) -> Result<UserServiceClient<Channel>, OpenFailed> {
    options.service_config.get_or_insert_with(|| USER_SERVICE_CONFIG.to_owned());
    options.interceptors.push(Arc::new(ContextInterceptor));
    options.interceptors.push(Arc::new(LogInterceptor));
    options.interceptors.push(Arc::new(TraceInterceptor::new(options.seed)));
    Ok(UserServiceClient::new(Channel::open(options)?))
}
