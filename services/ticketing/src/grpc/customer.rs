//! CustomerService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::customer_service_server::CustomerService for Ticketing {
    async fn create_customer(&self, request: Request<pb::CreateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::create_customer::handle(&self.0, request).await)
    }

    async fn get_customer(&self, request: Request<pb::GetCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::get_customer::handle(&self.0, request).await)
    }

    async fn lookup_customer(&self, request: Request<pb::LookupCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::lookup_customer::handle(&self.0, request).await)
    }

    async fn list_customers(&self, request: Request<pb::ListCustomersRequest>) -> Answer<pb::ListCustomersResponse> {
        answer(rpc::list_customers::handle(&self.0, request).await)
    }

    async fn update_customer(&self, request: Request<pb::UpdateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::update_customer::handle(&self.0, request).await)
    }

    async fn verify_identity(&self, request: Request<pb::VerifyIdentityRequest>) -> Answer<pb::Customer> {
        answer(rpc::verify_identity::handle(&self.0, request).await)
    }

    async fn unverify_identity(&self, request: Request<pb::UnverifyIdentityRequest>) -> Answer<pb::Customer> {
        answer(rpc::unverify_identity::handle(&self.0, request).await)
    }

    async fn move_identity(&self, request: Request<pb::MoveIdentityRequest>) -> Answer<pb::MoveIdentityResponse> {
        answer(rpc::move_identity::handle(&self.0, request).await)
    }

    async fn merge_customers(&self, request: Request<pb::MergeCustomersRequest>) -> Answer<pb::MergeCustomersResponse> {
        answer(rpc::merge_customers::handle(&self.0, request).await)
    }

    async fn unmerge_customer(
        &self,
        request: Request<pb::UnmergeCustomerRequest>,
    ) -> Answer<pb::UnmergeCustomerResponse> {
        answer(rpc::unmerge_customer::handle(&self.0, request).await)
    }

    async fn list_customer_merges(
        &self,
        request: Request<pb::ListCustomerMergesRequest>,
    ) -> Answer<pb::ListCustomerMergesResponse> {
        answer(rpc::list_customer_merges::handle(&self.0, request).await)
    }

    async fn list_merge_suggestions(
        &self,
        request: Request<pb::ListMergeSuggestionsRequest>,
    ) -> Answer<pb::ListMergeSuggestionsResponse> {
        answer(rpc::list_merge_suggestions::handle(&self.0, request).await)
    }

    async fn dismiss_merge_suggestion(
        &self,
        request: Request<pb::DismissMergeSuggestionRequest>,
    ) -> Answer<pb::MergeSuggestion> {
        answer(rpc::dismiss_merge_suggestion::handle(&self.0, request).await)
    }
}
