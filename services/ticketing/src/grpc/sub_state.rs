//! SubStateService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::sub_state_service_server::SubStateService for Ticketing {
    async fn create_sub_state(&self, request: Request<pb::CreateSubStateRequest>) -> Answer<pb::SubState> {
        answer(rpc::create_sub_state::handle(&self.0, request).await)
    }

    async fn get_sub_state(&self, request: Request<pb::GetSubStateRequest>) -> Answer<pb::SubState> {
        answer(rpc::get_sub_state::handle(&self.0, request).await)
    }

    async fn list_sub_states(&self, request: Request<pb::ListSubStatesRequest>) -> Answer<pb::ListSubStatesResponse> {
        answer(rpc::list_sub_states::handle(&self.0, request).await)
    }

    async fn update_sub_state(&self, request: Request<pb::UpdateSubStateRequest>) -> Answer<pb::SubState> {
        answer(rpc::update_sub_state::handle(&self.0, request).await)
    }

    async fn delete_sub_state(&self, request: Request<pb::DeleteSubStateRequest>) -> Answer<()> {
        answer(rpc::delete_sub_state::handle(&self.0, request).await)
    }
}
