//! AutomationService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::automation_service_server::AutomationService for Ticketing {
    async fn create_automation(&self, request: Request<pb::CreateAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::create_automation::handle(&self.0, request).await)
    }

    async fn get_automation(&self, request: Request<pb::GetAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::get_automation::handle(&self.0, request).await)
    }

    async fn list_automations(
        &self,
        request: Request<pb::ListAutomationsRequest>,
    ) -> Answer<pb::ListAutomationsResponse> {
        answer(rpc::list_automations::handle(&self.0, request).await)
    }

    async fn update_automation(&self, request: Request<pb::UpdateAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::update_automation::handle(&self.0, request).await)
    }

    async fn reorder_automations(
        &self,
        request: Request<pb::ReorderAutomationsRequest>,
    ) -> Answer<pb::ReorderAutomationsResponse> {
        answer(rpc::reorder_automations::handle(&self.0, request).await)
    }

    async fn enable_automation(&self, request: Request<pb::EnableAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::enable_automation::handle(&self.0, request).await)
    }

    async fn disable_automation(&self, request: Request<pb::DisableAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::disable_automation::handle(&self.0, request).await)
    }

    async fn archive_automation(&self, request: Request<pb::ArchiveAutomationRequest>) -> Answer<pb::Automation> {
        answer(rpc::archive_automation::handle(&self.0, request).await)
    }

    async fn test_automation(&self, request: Request<pb::TestAutomationRequest>) -> Answer<pb::TestAutomationResponse> {
        answer(rpc::test_automation::handle(&self.0, request).await)
    }

    async fn list_automation_runs(
        &self,
        request: Request<pb::ListAutomationRunsRequest>,
    ) -> Answer<pb::ListAutomationRunsResponse> {
        answer(rpc::list_automation_runs::handle(&self.0, request).await)
    }
}
