//! TicketRelationService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::ticket_relation_service_server::TicketRelationService for Ticketing {
    async fn merge_tickets(&self, request: Request<pb::MergeTicketsRequest>) -> Answer<pb::MergeTicketsResponse> {
        answer(rpc::merge_tickets::handle(&self.0, request).await)
    }

    async fn unmerge_ticket(&self, request: Request<pb::UnmergeTicketRequest>) -> Answer<pb::UnmergeTicketResponse> {
        answer(rpc::unmerge_ticket::handle(&self.0, request).await)
    }

    async fn split_ticket(&self, request: Request<pb::SplitTicketRequest>) -> Answer<pb::SplitTicketResponse> {
        answer(rpc::split_ticket::handle(&self.0, request).await)
    }

    async fn link_tickets(&self, request: Request<pb::LinkTicketsRequest>) -> Answer<pb::LinkTicketsResponse> {
        answer(rpc::link_tickets::handle(&self.0, request).await)
    }

    async fn unlink_tickets(&self, request: Request<pb::UnlinkTicketsRequest>) -> Answer<pb::UnlinkTicketsResponse> {
        answer(rpc::unlink_tickets::handle(&self.0, request).await)
    }
}
