//! The gRPC face of the service: one line an RPC.

use tonic::{Request, Response, Status};
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest, GetHeadResponse};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;
use vorrang_service::status;

use crate::app::App;
use crate::rpc;

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

/// Serves all of ticketing's contracts.
#[derive(Clone)]
pub struct Ticketing(pub App);

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

#[tonic::async_trait]
impl pb::customer_service_server::CustomerService for Ticketing {
    async fn create_customer(&self, request: Request<pb::CreateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::create_customer::handle(&self.0, request).await)
    }

    async fn get_customer(&self, request: Request<pb::GetCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::get_customer::handle(&self.0, request).await)
    }

    async fn lookup_customer(&self, request: Request<pb::LookupCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::lookup_customer::handle(&self.0, request).await)
    }

    async fn list_customers(&self, request: Request<pb::ListCustomersRequest>) -> Answer<pb::ListCustomersResponse> {
        answer(rpc::list_customers::handle(&self.0, request).await)
    }

    async fn update_customer(&self, request: Request<pb::UpdateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::update_customer::handle(&self.0, request).await)
    }
}

#[tonic::async_trait]
impl pb::internal_service_server::InternalService for Ticketing {
    async fn record_contacts(&self, request: Request<pb::RecordContactsRequest>) -> Answer<pb::RecordContactsResponse> {
        answer(rpc::record_contacts::handle(&self.0, request).await)
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

#[tonic::async_trait]
impl pb::feed_service_server::FeedService for Ticketing {
    type FollowStream = rpc::follow::Responses;

    async fn follow(&self, request: Request<FollowRequest>) -> Answer<Self::FollowStream> {
        answer(rpc::follow::handle(&self.0, request).await)
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Answer<GetHeadResponse> {
        answer(rpc::get_head::handle(&self.0, request).await)
    }
}
