//! Makes the next version of a rubric.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::review::RubricField;
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateRubricRequest>) -> Result<pb::Rubric, Error> {
    let mut violations = Violations::new();
    let call = app::call("UpdateRubric", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let given = request.rubric.unwrap_or_default();
    let id = match violations.take("rubric.name", names::parse_rubric(&given.name)) {
        Some((_, Some(_))) => {
            violations.add("rubric.name", "must not name a version: versions never change");
            String::new()
        }
        Some((id, None)) => id,
        None => String::new(),
    };
    let mask = convert::read_rubric_mask(request.update_mask.as_ref(), &mut violations);
    let rubric = convert::read_rubric(&id, &given, mask.contains(&RubricField::Items), &mut violations);
    violations.into_result()?;
    app.store
        .update_rubric(&call, &given.etag, (rubric, &mask), convert::rubric)
        .await
}
