//! Which mailboxes a tenant has: from which address and by which server its mails go out, and which folders are read. Read once
//! at the start from `mailboxes.toml` in the data folder; without the file nothing is ever sent and no mailbox is read.

mod entry;
mod sender;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox as MailAddress;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use rustls::ClientConfig;
use serde::Deserialize;
use vorrang_error::Error;

use crate::oauth::OAuth;
pub use sender::Sender;

/// The file's name.
const FILE: &str = "mailboxes.toml";

/// How mails are handed to a server.
pub type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The mailboxes there are.
#[derive(Clone, Debug, Default)]
pub struct Mailboxes {
    outgoing: BTreeMap<String, Mailbox>,
    incoming: Vec<Arc<Incoming>>,
}

/// From where a tenant writes.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Address and name that customers see.
    pub from: MailAddress,
    /// The server.
    pub sender: Sender,
}

/// A folder on a server that is read.
#[derive(Debug)]
pub struct Incoming {
    /// Whose.
    pub tenant: String,
    /// Address that customers write to, in lower case: with the folder what the mailbox is known by.
    pub address: String,
    /// The folder.
    pub folder: String,
    /// Queue of new tickets; empty: the default one.
    pub queue: String,
    /// Where it is.
    pub server: ImapServer,
    /// What of a mailbox that was never read before becomes tickets.
    pub since: Since,
    /// Whether what was read is marked so on the server.
    pub mark_seen: bool,
    /// How often is looked for new mails, where the server does not tell of them.
    pub every: Duration,
}

/// A server with mailboxes.
pub struct ImapServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: Protection,
    /// Who logs in.
    pub user: String,
    /// How that is proved.
    pub login: Login,
}

/// How who logs in proves it.
#[derive(Clone)]
pub enum Login {
    /// By a password.
    Password(String),
    /// By tokens of a provider.
    OAuth(Arc<OAuth>),
}

/// How a connection is protected.
#[derive(Clone, Debug)]
pub enum Protection {
    /// TLS from the first byte.
    Tls(Arc<ClientConfig>),
    /// TLS before anything is said, or nothing.
    StartTls(Arc<ClientConfig>),
    /// Not at all: on a network that is trusted.
    None,
}

/// What of a mailbox that was never read before becomes tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// What arrives from now on.
    New,
    /// All that is there.
    All,
    /// What arrived from then on.
    Date(DateTime<Utc>),
}

impl std::fmt::Debug for ImapServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImapServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl ImapServer {
    /// What a cursor is of: UIDs of another server or user mean other mails.
    pub fn identity(&self) -> String {
        format!("{}@{}:{}", self.user, self.host, self.port)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    mailbox: Vec<entry::Entry>,
}

impl Mailboxes {
    /// Reads the file in `folder`; none when there is no file.
    ///
    /// # Errors
    /// Precondition `MAILBOXES_INVALID` that says what is wrong and where.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::read(&text, folder).map_err(|why| invalid(&path, &why)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(invalid(&path, &error.to_string())),
        }
    }

    fn read(text: &str, folder: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut mailboxes = Self::default();
        for entry in file.mailbox {
            let tenant = entry.tenant.clone();
            let read = entry.read(folder);
            let (outgoing, incoming) = read.map_err(|why| format!("mailbox of {tenant:?}: {why}"))?;
            if let Some(mailbox) = outgoing
                && mailboxes.outgoing.insert(tenant.clone(), mailbox).is_some()
            {
                // An answer has one sender, whichever mailbox the question came to.
                return Err(format!("mailbox of {tenant:?}: there are two with smtp"));
            }
            if let Some(incoming) = incoming {
                let same = |known: &Arc<Incoming>| {
                    (&known.tenant, &known.address, &known.folder)
                        == (&incoming.tenant, &incoming.address, &incoming.folder)
                };
                if mailboxes.incoming.iter().any(same) {
                    return Err(format!("mailbox of {tenant:?}: the same folder is read twice"));
                }
                mailboxes.incoming.push(Arc::new(incoming));
            }
        }
        Ok(mailboxes)
    }

    /// The tenants that send.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.outgoing.keys().map(String::as_str)
    }

    /// The addresses that customers write to, by tenant.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        let address = |(tenant, mailbox): (&String, &Mailbox)| (tenant.clone(), mailbox.from.email.to_string());
        self.outgoing.iter().map(address).collect()
    }

    /// That of a tenant.
    pub fn of(&self, tenant: &str) -> Option<&Mailbox> {
        self.outgoing.get(tenant)
    }

    /// The folders that are read.
    pub fn incoming(&self) -> &[Arc<Incoming>] {
        &self.incoming
    }
}

fn invalid(path: &Path, why: &str) -> Error {
    Error::precondition("MAILBOXES_INVALID", format!("{}: {why}", path.display()))
}
