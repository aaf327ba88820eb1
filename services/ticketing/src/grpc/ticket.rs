//! TicketService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::ticket_service_server::TicketService for Ticketing {
    async fn create_ticket(&self, request: Request<pb::CreateTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::create_ticket::handle(&self.0, request).await)
    }

    async fn get_ticket(&self, request: Request<pb::GetTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::get_ticket::handle(&self.0, request).await)
    }

    async fn list_tickets(&self, request: Request<pb::ListTicketsRequest>) -> Answer<pb::ListTicketsResponse> {
        answer(rpc::list_tickets::handle(&self.0, request).await)
    }

    async fn update_ticket(&self, request: Request<pb::UpdateTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::update_ticket::handle(&self.0, request).await)
    }

    async fn change_ticket_state(&self, request: Request<pb::ChangeTicketStateRequest>) -> Answer<pb::Ticket> {
        answer(rpc::change_ticket_state::handle(&self.0, request).await)
    }

    async fn assign_ticket(&self, request: Request<pb::AssignTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::assign_ticket::handle(&self.0, request).await)
    }

    async fn mark_ticket(&self, request: Request<pb::MarkTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::mark_ticket::handle(&self.0, request).await)
    }

    async fn restore_ticket(&self, request: Request<pb::RestoreTicketRequest>) -> Answer<pb::Ticket> {
        answer(rpc::restore_ticket::handle(&self.0, request).await)
    }

    async fn create_message(&self, request: Request<pb::CreateMessageRequest>) -> Answer<pb::CreateMessageResponse> {
        answer(rpc::create_message::handle(&self.0, request).await)
    }

    async fn list_messages(&self, request: Request<pb::ListMessagesRequest>) -> Answer<pb::ListMessagesResponse> {
        answer(rpc::list_messages::handle(&self.0, request).await)
    }

    async fn answer_survey(&self, request: Request<pb::AnswerSurveyRequest>) -> Answer<pb::SurveyAnswer> {
        answer(rpc::answer_survey::handle(&self.0, request).await)
    }
}
