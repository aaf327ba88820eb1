//! Records a review.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::store::NewReview;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateReviewRequest>) -> Result<pb::Review, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("CreateReview", &request, &request.get_ref().request_id, &mut violations)?;
    let given = request.into_inner().review.unwrap_or_default();
    let reviewer = input::agent("review.reviewer", &given.reviewer, &mut violations);
    if reviewer.is_none() {
        violations.add("review.reviewer", "must be given");
    }
    let new = NewReview {
        ticket: input::ticket_ref("review.ticket", &given.ticket, &mut violations),
        agent: input::agent("review.agent", &given.agent, &mut violations),
        reviewer: reviewer.unwrap_or_default(),
        rubric: violations
            .take("review.rubric", names::parse_rubric(&given.rubric))
            .unwrap_or_default(),
        points: convert::read_points(&given.items, &mut violations),
        comment: input::review_comment("review.comment", &given.comment, &mut violations),
        reviewed_at: input::time("review.reviewed_at", given.reviewed_at.as_ref(), &mut violations),
    };
    violations.into_result()?;
    call.actor = app::agent(new.reviewer.clone());
    app.store.create_review(&call, new, convert::review).await
}
