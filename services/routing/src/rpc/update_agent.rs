use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::check_etag;

use crate::agent::Field;
use crate::app::App;
use crate::desks::Notice;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::UpdateAgentRequest>) -> Result<pb::Agent, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call("UpdateAgent", &request, &message.request_id, &mut violations)?;
    let fields = mask(message, &mut violations);
    let profile = convert::profile(message.agent.as_ref(), &mut violations);
    let (name, etag) = message
        .agent
        .as_ref()
        .map_or(("", ""), |agent| (agent.name.as_str(), agent.etag.as_str()));
    let id = violations.take("agent.name", names::agent(name)).unwrap_or_default();
    violations.into_result()?;

    let answer = app
        .store
        .change_agent(&call, &id, |agent| {
            check_etag(etag, agent.revision)?;
            Ok(agent.update(&profile, &fields))
        })
        .await?;
    let agent = convert::agent_answer(answer)?;
    if agent.disabled {
        // At once here; streams in other processes notice within seconds.
        app.desks.tell(&call.tenant, &id, Notice::Disabled);
    }
    Ok(agent)
}

fn mask(message: &pb::UpdateAgentRequest, violations: &mut Violations) -> Vec<Field> {
    let paths = message
        .update_mask
        .as_ref()
        .map(|mask| mask.paths.as_slice())
        .unwrap_or_default();
    if paths.is_empty() {
        violations.add("update_mask", "must name at least one field");
    }
    let mut fields = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        match Field::parse(path) {
            Some(field) => fields.push(field),
            None => violations.add(
                format!("update_mask.paths[{at}]"),
                "cannot be changed; fields are display_name, team and disabled",
            ),
        }
    }
    fields
}
