//! Hands mails to a server: with a password that stays, or a token that is a new one every hour.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};

use super::Transport;
use crate::oauth::{NoToken, OAuth};
use crate::seal::Seal;
use crate::store::Store;

/// How a tenant's mails go out. Clones share connections.
#[derive(Clone)]
pub enum Sender {
    /// The server asks for a password, or for nobody.
    Ready(Transport),
    /// It asks for a token.
    ByToken(Arc<ByToken>),
}

/// A server that asks for a token.
pub struct ByToken {
    server: AsyncSmtpTransportBuilder,
    user: String,
    oauth: Arc<OAuth>,
    /// The last token, and the connections that were made with it.
    made: Mutex<Option<(Arc<str>, Transport)>>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Ready",
            Self::ByToken(_) => "ByToken",
        })
    }
}

impl Sender {
    /// To `server`, which lets `user` in by a token.
    pub fn by_token(server: AsyncSmtpTransportBuilder, user: String, oauth: Arc<OAuth>) -> Self {
        Self::ByToken(Arc::new(ByToken {
            server,
            user,
            oauth,
            made: Mutex::default(),
        }))
    }

    /// What takes a mail now.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn ready(&self, store: &Store, seal: &Seal, now: DateTime<Utc>) -> Result<Transport, NoToken> {
        let one = match self {
            Self::Ready(transport) => return Ok(transport.clone()),
            Self::ByToken(one) => one,
        };
        let token = one.oauth.token(store, seal, now).await?;
        let mut made = one.made.lock().unwrap_or_else(PoisonError::into_inner);
        match made.as_ref() {
            Some((with, transport)) if *with == token => Ok(transport.clone()),
            _ => {
                let credentials = Credentials::new(one.user.clone(), token.to_string());
                let server = one.server.clone().credentials(credentials);
                let transport = server.authentication(vec![Mechanism::Xoauth2]).build();
                *made = Some((token, transport.clone()));
                Ok(transport)
            }
        }
    }

    /// The server did not let us in: the next mail goes with a new token.
    pub async fn was_refused(&self) {
        if let Self::ByToken(one) = self {
            let made = one.made.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((token, _)) = made {
                one.oauth.forget(&token).await;
            }
        }
    }
}
