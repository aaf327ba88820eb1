//! What kind of request it is, which decides how long it may take and whose places it uses.

use crate::methods::{Access, Methods};

const CHECK: &str = "grpc.health.v1.Health/Check";
const WATCH: &str = "grpc.health.v1.Health/Watch";

/// Kinds of requests, told apart by the path alone: what else a client says about itself is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Unary calls of methods that need a credential.
    Call,
    /// Streams that need a credential.
    Stream,
    /// The health, asked for once. Needs no credential.
    Check,
    /// The health, watched. Needs no credential.
    Watch,
    /// Reflection. Needs no credential.
    Reflection,
    /// Everything else: routes that prove their callers themselves, and paths that nobody serves.
    Http,
}

impl Traffic {
    pub(crate) fn of(methods: &Methods, path: &str) -> Self {
        let Some(method) = methods.get(path) else {
            return Self::Http;
        };
        match (method.access, method.name.as_str()) {
            (_, CHECK) => Self::Check,
            (_, WATCH) => Self::Watch,
            (Access::Public, _) => Self::Reflection,
            _ if method.streaming => Self::Stream,
            _ => Self::Call,
        }
    }

    /// Whether either side sends a stream.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::Watch | Self::Reflection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells() {
        let methods = Methods::new(vorrang_api::FILE_DESCRIPTOR_SET).expect("the contracts can be read");
        for (path, kind) in [
            ("/vorrang.ticketing.v1.TicketService/GetTicket", Traffic::Call),
            ("/vorrang.routing.v1.WorkService/Work", Traffic::Stream),
            ("/grpc.health.v1.Health/Check", Traffic::Check),
            ("/grpc.health.v1.Health/Watch", Traffic::Watch),
            (
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                Traffic::Reflection,
            ),
            (
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                Traffic::Reflection,
            ),
            ("/v1/sources/shop/events", Traffic::Http),
            ("/vorrang.ticketing.v1.TicketService/Backdoor", Traffic::Http),
        ] {
            assert_eq!(Traffic::of(&methods, path), kind, "{path}");
        }
    }
}
