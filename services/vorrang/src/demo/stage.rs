//! The suite, started for the demo on loopback with data that goes with it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_identity::{NewKey, Scope, Scopes};
use vorrang_service::{Config, Running};

use super::desk::Desk;

/// The suite and the demo's way into it.
pub struct Stage {
    pub desk: Desk,
    pub clock: SharedClock,
    running: Running,
    folder: PathBuf,
}

impl Stage {
    /// Starts everything. On the usual ports when it stays up and they are free, else on free ones.
    pub async fn set(once: bool) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("vorrang-demo-{}", std::process::id()));
        let mut config = Config::local(&folder);
        if !once {
            config.listen = usual_or_free(7700);
            config.admin_listen = Some(usual_or_free(7790));
        }
        // People read this output: only what went wrong is logged among it.
        config.log = std::env::var("VORRANG_LOG").unwrap_or_else(|_| "error".to_owned());

        let clock = vorrang_clock::system();
        let running = crate::up::start(config).await?;
        let new = NewKey {
            tenant: "nordlicht".to_owned(),
            label: "demo".to_owned(),
            scopes: Scopes::of(&[Scope::Admin]),
            expires_at: None,
        };
        let (_, key) = running.context().keys.create(new).await?;
        let desk = Desk::open(running.addr(), key).await?;
        Ok(Self {
            desk,
            clock,
            running,
            folder,
        })
    }

    /// Where `/metrics` is.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.running.admin_addr()
    }

    /// Waits for Ctrl-C, or for a service to fail.
    pub async fn until_told_to_stop(&self) {
        tokio::select! {
            () = vorrang_service::terminated() => {}
            () = self.running.failed() => {}
        }
    }

    /// Stops everything and removes the data.
    pub async fn strike(self) {
        drop(self.desk);
        self.running.shutdown().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn usual_or_free(port: u16) -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}
