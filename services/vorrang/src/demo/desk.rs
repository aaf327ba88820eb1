//! The demo's way into the suite.

use std::net::SocketAddr;

use tonic::Status;
use vorrang_client::Client;
use vorrang_error::Error;

/// Where to talk to the suite, and with what.
#[derive(Clone)]
pub struct Desk {
    pub address: SocketAddr,
    pub key: String,
    pub client: Client,
}

impl Desk {
    /// Fails with Unavailable when nobody listens there.
    pub async fn open(address: SocketAddr, key: String) -> Result<Self, Error> {
        let client = Client::connect(&format!("http://{address}"), &key)
            .await
            .map_err(|error| {
                Error::unavailable("SUITE_UNREACHABLE", format!("no connection to {address}")).caused_by(error)
            })?;
        Ok(Self { address, key, client })
    }
}

/// What a refused call means for the demo: it ends, and says which call it was.
pub fn refused(call: &'static str) -> impl Fn(Status) -> Error {
    move |status| {
        let message = format!("{call} was refused: {:?}: {}", status.code(), status.message());
        Error::unavailable("CALL_REFUSED", message)
    }
}
