//! SlaPolicyService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::sla_policy_service_server::SlaPolicyService for Ticketing {
    async fn create_sla_policy(&self, request: Request<pb::CreateSlaPolicyRequest>) -> Answer<pb::SlaPolicy> {
        answer(rpc::create_sla_policy::handle(&self.0, request).await)
    }

    async fn get_sla_policy(&self, request: Request<pb::GetSlaPolicyRequest>) -> Answer<pb::SlaPolicy> {
        answer(rpc::get_sla_policy::handle(&self.0, request).await)
    }

    async fn list_sla_policies(
        &self,
        request: Request<pb::ListSlaPoliciesRequest>,
    ) -> Answer<pb::ListSlaPoliciesResponse> {
        answer(rpc::list_sla_policies::handle(&self.0, request).await)
    }

    async fn update_sla_policy(&self, request: Request<pb::UpdateSlaPolicyRequest>) -> Answer<pb::SlaPolicy> {
        answer(rpc::update_sla_policy::handle(&self.0, request).await)
    }

    async fn delete_sla_policy(&self, request: Request<pb::DeleteSlaPolicyRequest>) -> Answer<()> {
        answer(rpc::delete_sla_policy::handle(&self.0, request).await)
    }

    async fn reorder_sla_policies(
        &self,
        request: Request<pb::ReorderSlaPoliciesRequest>,
    ) -> Answer<pb::ReorderSlaPoliciesResponse> {
        answer(rpc::reorder_sla_policies::handle(&self.0, request).await)
    }
}
