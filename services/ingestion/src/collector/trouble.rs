//! Why a mailbox cannot be read. What servers and the library say is never passed on: an error of the library quotes what
//! came, which is customers' mails, and a server's may quote who logged in.

use std::io;

use async_imap::error::Error as ImapError;
use vorrang_error::Error;

use crate::oauth::NoToken;

/// Why.
#[derive(Debug)]
pub struct Trouble {
    /// In one word, for logs and metrics.
    pub reason: &'static str,
    /// What to do about it, or what went wrong below; never of a mail or a password.
    pub detail: String,
}

impl Trouble {
    /// The server did not answer in time.
    pub const SILENT: Self = Self::said("SILENT");
    /// The connection ended in the middle.
    pub const CUT: Self = Self::said("CUT");
    /// The handshake failed.
    pub const TLS: Self = Self::said("TLS_REFUSED");
    /// The server has no STARTTLS and the mailbox wants it.
    pub const NO_STARTTLS: Self = Self::said("NO_STARTTLS");
    /// User or password is wrong.
    pub const LOGIN: Self = Self::said("LOGIN_REFUSED");
    /// The folder is not there, or is not this user's.
    pub const FOLDER: Self = Self::said("FOLDER_REFUSED");
    /// The server has no UIDs, without which nothing can be read once.
    pub const NO_UIDS: Self = Self::said("NO_UIDS");
    /// The server sends more than it was asked for.
    pub const TOO_MUCH: Self = Self::said("TOO_MUCH");
    /// The server refuses what it was asked, or answers something else.
    pub const REFUSED: Self = Self::said("SERVER_REFUSED");
    /// Another process has the mailbox now.
    pub const LOST: Self = Self::said("LOST");
    /// Our own database, or nothing that was read could be kept.
    pub const NOT_KEPT: Self = Self::said("NOT_KEPT");

    const fn said(reason: &'static str) -> Self {
        Self {
            reason,
            detail: String::new(),
        }
    }

    /// There is no token to log in with.
    pub fn without_token(NoToken(reason): NoToken) -> Self {
        Self::said(reason)
    }

    /// The server is not there.
    pub fn unreachable(error: &io::Error) -> Self {
        Self {
            reason: "UNREACHABLE",
            detail: error.kind().to_string(),
        }
    }

    /// TLS failed: the library says about which certificate, not what was sent.
    pub fn tls(error: &io::Error) -> Self {
        let why = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        Self {
            detail: why.map_or_else(|| error.kind().to_string(), ToString::to_string),
            ..Self::TLS
        }
    }

    /// Of an answer that was no answer.
    pub fn of(error: &ImapError) -> Self {
        match error {
            ImapError::Io(error) if error.kind() == io::ErrorKind::QuotaExceeded => Self::TOO_MUCH,
            // The library wraps what it cannot read in the same kind as what it is refused.
            ImapError::Io(error) if error.kind() == io::ErrorKind::Other => Self::REFUSED,
            ImapError::Io(_) | ImapError::ConnectionLost => Self::CUT,
            _ => Self::REFUSED,
        }
    }

    /// Our own side failed.
    pub fn ours(error: &Error) -> Self {
        Self {
            detail: error.chain().to_string(),
            ..Self::NOT_KEPT
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::ours(&error)
    }
}
