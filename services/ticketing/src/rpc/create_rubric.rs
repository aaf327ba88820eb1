//! Makes a rubric.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::{convert, names};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateRubricRequest>) -> Result<pb::Rubric, Error> {
    let mut violations = Violations::new();
    let call = app::call("CreateRubric", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    violations.take("rubric_id", names::check_id(&request.rubric_id));
    let given = request.rubric.unwrap_or_default();
    let rubric = convert::read_rubric(&request.rubric_id, &given, true, &mut violations);
    violations.into_result()?;
    app.store.create_rubric(&call, rubric, convert::rubric).await
}
