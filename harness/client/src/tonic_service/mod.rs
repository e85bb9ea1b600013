//! The channel as a tonic `GrpcService`, so that generated clients use it unchanged.
//!
//! - `service`: a request becomes a call of the native interface
//! - `requests`: the request body, message by message
//! - `responses`: events become a response that tonic reads correctly
//! - `kinds`: the kind of a method, from descriptors
//!
//! tonic 0.14 panics on a `grpc-status-details-bin` that does not decode, takes a stream without trailers for OK and a second message of a
//! unary call for nothing; here all of this was judged before it sees anything.

mod kinds;
mod requests;
mod responses;
mod service;

use std::time::Duration;

/// Request extension: the call's deadline, from now. `grpc-timeout` metadata counts where this is absent.
///
/// ```
/// # use std::time::Duration;
/// use proofmark_client::tonic_service::Deadline;
/// let mut request = tonic::Request::new(());
/// request.extensions_mut().insert(Deadline(Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Duration);

/// Request extension: overrides `waitForReady` of the service config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitForReady(pub bool);
