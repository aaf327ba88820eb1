//! PrivacyService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::privacy_service_server::PrivacyService for Ticketing {
    type ExportCustomerStream = rpc::export_customer::Responses;

    async fn export_customer(&self, request: Request<pb::ExportCustomerRequest>) -> Answer<Self::ExportCustomerStream> {
        answer(rpc::export_customer::handle(&self.0, request).await)
    }

    async fn erase_customer(&self, request: Request<pb::EraseCustomerRequest>) -> Answer<pb::Erasure> {
        answer(rpc::erase_customer::handle(&self.0, request).await)
    }

    async fn get_erasure(&self, request: Request<pb::GetErasureRequest>) -> Answer<pb::Erasure> {
        answer(rpc::get_erasure::handle(&self.0, request).await)
    }

    async fn list_erasures(&self, request: Request<pb::ListErasuresRequest>) -> Answer<pb::ListErasuresResponse> {
        answer(rpc::list_erasures::handle(&self.0, request).await)
    }

    async fn set_legal_hold(&self, request: Request<pb::SetLegalHoldRequest>) -> Answer<pb::LegalHold> {
        answer(rpc::set_legal_hold::handle(&self.0, request).await)
    }

    async fn clear_legal_hold(&self, request: Request<pb::ClearLegalHoldRequest>) -> Answer<pb::LegalHold> {
        answer(rpc::clear_legal_hold::handle(&self.0, request).await)
    }

    async fn list_legal_holds(
        &self,
        request: Request<pb::ListLegalHoldsRequest>,
    ) -> Answer<pb::ListLegalHoldsResponse> {
        answer(rpc::list_legal_holds::handle(&self.0, request).await)
    }

    async fn get_retention_policy(
        &self,
        request: Request<pb::GetRetentionPolicyRequest>,
    ) -> Answer<pb::RetentionPolicy> {
        answer(rpc::get_retention_policy::handle(&self.0, request).await)
    }

    async fn update_retention_policy(
        &self,
        request: Request<pb::UpdateRetentionPolicyRequest>,
    ) -> Answer<pb::RetentionPolicy> {
        answer(rpc::update_retention_policy::handle(&self.0, request).await)
    }

    async fn preview_retention(
        &self,
        request: Request<pb::PreviewRetentionRequest>,
    ) -> Answer<pb::PreviewRetentionResponse> {
        answer(rpc::preview_retention::handle(&self.0, request).await)
    }
}
