//! Changes fields of a review.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::names;
use crate::review::ReviewField;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateReviewRequest>) -> Result<pb::Review, Error> {
    let mut violations = Violations::new();
    let call = app::call("UpdateReview", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let given = request.review.unwrap_or_default();
    let id = violations.take("review.name", names::parse_review(&given.name));
    let mask = convert::read_review_mask(request.update_mask.as_ref(), &mut violations);
    let points = if mask.contains(&ReviewField::Items) {
        convert::read_points(&given.items, &mut violations)
    } else {
        Vec::new()
    };
    let comment = input::review_comment("review.comment", &given.comment, &mut violations);
    violations.into_result()?;
    app.store
        .update_review(
            &call,
            (id.unwrap_or_default(), &given.etag),
            (&points, &comment, &mask),
            convert::review,
        )
        .await
}
