//! Says what retention rules would do now.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::privacy;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::PreviewRetentionRequest>,
) -> Result<pb::PreviewRetentionResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let mut rules = privacy::read_rules("rules", &request.rules, &mut violations);
    violations.into_result()?;
    if rules.is_empty() {
        rules = app.store.policy(&tenant).await?.rules;
    }
    let mut effects = Vec::with_capacity(rules.len());
    for rule in rules {
        let tickets = app.store.preview(&tenant, &rule).await?;
        effects.push(pb::preview_retention_response::Effect {
            rule: Some(privacy::rule(&rule)),
            tickets: i32::try_from(tickets).unwrap_or(i32::MAX),
        });
    }
    Ok(pb::PreviewRetentionResponse { effects })
}
