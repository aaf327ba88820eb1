//! Asking for the addresses of a name.

use std::io;
use std::net::IpAddr;

use futures::future::BoxFuture;

/// Gives the addresses of a name. Two exist: the system's, and those of tests.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Asks as the machine is set up to.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}
