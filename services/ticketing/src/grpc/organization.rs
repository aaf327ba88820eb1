//! OrganizationService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::organization_service_server::OrganizationService for Ticketing {
    async fn create_organization(&self, request: Request<pb::CreateOrganizationRequest>) -> Answer<pb::Organization> {
        answer(rpc::create_organization::handle(&self.0, request).await)
    }

    async fn get_organization(&self, request: Request<pb::GetOrganizationRequest>) -> Answer<pb::Organization> {
        answer(rpc::get_organization::handle(&self.0, request).await)
    }

    async fn list_organizations(
        &self,
        request: Request<pb::ListOrganizationsRequest>,
    ) -> Answer<pb::ListOrganizationsResponse> {
        answer(rpc::list_organizations::handle(&self.0, request).await)
    }

    async fn update_organization(&self, request: Request<pb::UpdateOrganizationRequest>) -> Answer<pb::Organization> {
        answer(rpc::update_organization::handle(&self.0, request).await)
    }

    async fn delete_organization(&self, request: Request<pb::DeleteOrganizationRequest>) -> Answer<()> {
        answer(rpc::delete_organization::handle(&self.0, request).await)
    }
}
