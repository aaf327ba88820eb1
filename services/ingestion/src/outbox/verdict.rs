//! What a server's refusal means for the mail. Pure.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;

/// What becomes of the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server will never take it.
    Refused,
    /// To be tried again, and why it failed.
    Later(&'static str),
}

/// Of a mail that was not taken.
pub fn verdict(error: &Error) -> Verdict {
    if error.is_tls() || is_handshake(error) {
        return Verdict::Later("TLS_REFUSED");
    }
    if error.is_client() {
        // The server cannot do what the mailbox asks for: TLS, or a way to log in.
        return Verdict::Later("SERVER_CANNOT");
    }
    of(error.status().map(u16::from))
}

/// The library takes a certificate that is refused for a connection that failed.
fn is_handshake(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(known) = cause {
        let inner = known.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = known.source();
    }
    false
}

/// A server that does not know us refuses for good, too: but us, and not the mail.
fn of(code: Option<u16>) -> Verdict {
    match code {
        Some(530 | 534 | 535 | 538) => Verdict::Later("LOGIN_REFUSED"),
        Some(500..) => Verdict::Refused,
        _ => Verdict::Later("SERVER"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_loses_no_mail() {
        for code in [530, 534, 535, 538] {
            assert_eq!(of(Some(code)), Verdict::Later("LOGIN_REFUSED"), "{code}");
        }
        for code in [550, 552, 554] {
            assert_eq!(of(Some(code)), Verdict::Refused, "{code}");
        }
        for code in [None, Some(421), Some(450), Some(454)] {
            assert_eq!(of(code), Verdict::Later("SERVER"), "{code:?}");
        }
    }
}
