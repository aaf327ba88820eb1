//! Who works, and what they can take.

use std::time::Duration;

use tonic::Streaming;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::agent::Capacity;
use crate::app::App;
use crate::{convert, names};

/// A stream that says nothing for so long is none.
const HELLO_MAX: Duration = Duration::from_secs(30);
const QUEUES_MAX: usize = 100;

/// What a `hello` says.
pub(super) struct Hello {
    pub agent: String,
    pub capacities: Vec<Capacity>,
    pub queues: Vec<String>,
}

/// Reads the first request of a stream and checks that the agent may work. `None`: the stream ended before it said anything.
pub(super) async fn receive(
    app: &App,
    tenant: &str,
    inbound: &mut Streaming<pb::WorkRequest>,
) -> Result<Option<Hello>, Error> {
    let first = match tokio::time::timeout(HELLO_MAX, inbound.message()).await {
        Ok(Ok(Some(first))) => first,
        Ok(Ok(None)) => return Ok(None),
        Ok(Err(broken)) => return vorrang_service::unreadable(&broken).map_or(Ok(None), Err),
        Err(_) => {
            return Err(Error::precondition(
                "HELLO_MISSING",
                "the stream said no hello within 30 seconds",
            ));
        }
    };
    let Some(pb::work_request::Request::Hello(hello)) = first.request else {
        return Err(Error::precondition(
            "HELLO_MISSING",
            "the first request of the stream must be hello",
        ));
    };
    let hello = parse(&hello)?;
    if app.store.agent(tenant, &hello.agent).await?.profile.disabled {
        return Err(disabled(&hello.agent));
    }
    Ok(Some(hello))
}

/// What the stream of an agent ends with who may not work.
pub(super) fn disabled(agent: &str) -> Error {
    Error::precondition("AGENT_DISABLED", "the agent is disabled").with("agent", names::agent_name(agent))
}

fn parse(hello: &pb::Hello) -> Result<Hello, Error> {
    let mut violations = Violations::new();
    let agent = violations.take("hello.agent", names::agent(&hello.agent));
    let capacities = convert::capacities(&hello.capacities, "hello.capacities", &mut violations);
    if hello.queues.len() > QUEUES_MAX {
        violations.add("hello.queues", "must have at most 100 queues");
    }
    let mut queues = Vec::new();
    for (at, queue) in hello.queues.iter().take(QUEUES_MAX).enumerate() {
        queues.extend(violations.take(format!("hello.queues[{at}]"), names::id(queue)));
    }
    violations.into_result()?;
    if queues.is_empty() {
        queues.push("default".to_owned());
    }
    Ok(Hello {
        agent: agent.unwrap_or_default(),
        capacities,
        queues,
    })
}
