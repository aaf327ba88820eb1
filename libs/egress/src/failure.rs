//! Why a call had no answer.

/// Why a call had no answer. Says nothing that only the inside knows: neither addresses nor what a server wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// An address of the name may not be called, or not without encryption.
    AddressRefused,
    /// The name has no address, or could not be asked for.
    NameUnknown,
    /// Nobody answers there.
    ConnectFailed,
    /// The certificate is not valid for the name, or TLS is not spoken.
    TlsFailed,
    /// What came back is not HTTP, or the connection broke.
    ProtocolError,
    /// It took too long.
    Timeout,
}

impl Failure {
    /// A stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddressRefused => "ADDRESS_REFUSED",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::ConnectFailed => "CONNECT_FAILED",
            Self::TlsFailed => "TLS_FAILED",
            Self::ProtocolError => "PROTOCOL_ERROR",
            Self::Timeout => "TIMEOUT",
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Failure {}
