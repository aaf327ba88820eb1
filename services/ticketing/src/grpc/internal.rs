//! InternalService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::internal_service_server::InternalService for Ticketing {
    async fn record_contacts(&self, request: Request<pb::RecordContactsRequest>) -> Answer<pb::RecordContactsResponse> {
        answer(rpc::record_contacts::handle(&self.0, request).await)
    }

    async fn record_history(&self, request: Request<pb::RecordHistoryRequest>) -> Answer<pb::RecordHistoryResponse> {
        answer(rpc::record_history::handle(&self.0, request).await)
    }

    async fn find_history(&self, request: Request<pb::FindHistoryRequest>) -> Answer<pb::FindHistoryResponse> {
        answer(rpc::find_history::handle(&self.0, request).await)
    }

    async fn accept_ticket(&self, request: Request<pb::AcceptTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::accept_ticket::handle(&self.0, request).await)
    }

    async fn list_tenants(&self, request: Request<pb::ListTenantsRequest>) -> Answer<pb::ListTenantsResponse> {
        answer(rpc::list_tenants::handle(&self.0, request).await)
    }

    async fn list_queued_tickets(
        &self,
        request: Request<pb::ListQueuedTicketsRequest>,
    ) -> Answer<pb::ListQueuedTicketsResponse> {
        answer(rpc::list_queued_tickets::handle(&self.0, request).await)
    }
}
