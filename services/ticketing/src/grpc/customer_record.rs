//! CustomerRecordService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::customer_record_service_server::CustomerRecordService for Ticketing {
    async fn record_orders(&self, request: Request<pb::RecordOrdersRequest>) -> Answer<pb::RecordOrdersResponse> {
        answer(rpc::record_orders::handle(&self.0, request).await)
    }

    async fn list_orders(&self, request: Request<pb::ListOrdersRequest>) -> Answer<pb::ListOrdersResponse> {
        answer(rpc::list_orders::handle(&self.0, request).await)
    }

    async fn get_lifetime_values(
        &self,
        request: Request<pb::GetLifetimeValuesRequest>,
    ) -> Answer<pb::GetLifetimeValuesResponse> {
        answer(rpc::get_lifetime_values::handle(&self.0, request).await)
    }

    async fn record_milestones(
        &self,
        request: Request<pb::RecordMilestonesRequest>,
    ) -> Answer<pb::RecordMilestonesResponse> {
        answer(rpc::record_milestones::handle(&self.0, request).await)
    }

    async fn list_milestones(&self, request: Request<pb::ListMilestonesRequest>) -> Answer<pb::ListMilestonesResponse> {
        answer(rpc::list_milestones::handle(&self.0, request).await)
    }

    async fn record_proactive_contacts(
        &self,
        request: Request<pb::RecordProactiveContactsRequest>,
    ) -> Answer<pb::RecordProactiveContactsResponse> {
        answer(rpc::record_proactive_contacts::handle(&self.0, request).await)
    }

    async fn list_proactive_contacts(
        &self,
        request: Request<pb::ListProactiveContactsRequest>,
    ) -> Answer<pb::ListProactiveContactsResponse> {
        answer(rpc::list_proactive_contacts::handle(&self.0, request).await)
    }
}
