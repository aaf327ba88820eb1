use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::agent::Agent;
use crate::app::App;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::CreateAgentRequest>) -> Result<pb::Agent, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call("CreateAgent", &request, &message.request_id, &mut violations)?;
    let id = violations.take("agent_id", names::id(&message.agent_id));
    let profile = convert::profile(message.agent.as_ref(), &mut violations);
    violations.into_result()?;

    let agent = Agent::create(id.unwrap_or_default(), profile, call.now);
    convert::agent_answer(app.store.create_agent(&call, agent).await?)
}
