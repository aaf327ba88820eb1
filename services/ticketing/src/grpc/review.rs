//! ReviewService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::review_service_server::ReviewService for Ticketing {
    async fn create_rubric(&self, request: Request<pb::CreateRubricRequest>) -> Answer<pb::Rubric> {
        answer(rpc::create_rubric::handle(&self.0, request).await)
    }

    async fn get_rubric(&self, request: Request<pb::GetRubricRequest>) -> Answer<pb::Rubric> {
        answer(rpc::get_rubric::handle(&self.0, request).await)
    }

    async fn list_rubrics(&self, request: Request<pb::ListRubricsRequest>) -> Answer<pb::ListRubricsResponse> {
        answer(rpc::list_rubrics::handle(&self.0, request).await)
    }

    async fn update_rubric(&self, request: Request<pb::UpdateRubricRequest>) -> Answer<pb::Rubric> {
        answer(rpc::update_rubric::handle(&self.0, request).await)
    }

    async fn create_review(&self, request: Request<pb::CreateReviewRequest>) -> Answer<pb::Review> {
        answer(rpc::create_review::handle(&self.0, request).await)
    }

    async fn get_review(&self, request: Request<pb::GetReviewRequest>) -> Answer<pb::Review> {
        answer(rpc::get_review::handle(&self.0, request).await)
    }

    async fn list_reviews(&self, request: Request<pb::ListReviewsRequest>) -> Answer<pb::ListReviewsResponse> {
        answer(rpc::list_reviews::handle(&self.0, request).await)
    }

    async fn update_review(&self, request: Request<pb::UpdateReviewRequest>) -> Answer<pb::Review> {
        answer(rpc::update_review::handle(&self.0, request).await)
    }
}
