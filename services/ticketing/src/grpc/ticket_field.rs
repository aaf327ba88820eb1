//! TicketFieldService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::ticket_field_service_server::TicketFieldService for Ticketing {
    async fn create_ticket_field(&self, request: Request<pb::CreateTicketFieldRequest>) -> Answer<pb::TicketField> {
        answer(rpc::create_ticket_field::handle(&self.0, request).await)
    }

    async fn get_ticket_field(&self, request: Request<pb::GetTicketFieldRequest>) -> Answer<pb::TicketField> {
        answer(rpc::get_ticket_field::handle(&self.0, request).await)
    }

    async fn list_ticket_fields(
        &self,
        request: Request<pb::ListTicketFieldsRequest>,
    ) -> Answer<pb::ListTicketFieldsResponse> {
        answer(rpc::list_ticket_fields::handle(&self.0, request).await)
    }

    async fn update_ticket_field(&self, request: Request<pb::UpdateTicketFieldRequest>) -> Answer<pb::TicketField> {
        answer(rpc::update_ticket_field::handle(&self.0, request).await)
    }
}
