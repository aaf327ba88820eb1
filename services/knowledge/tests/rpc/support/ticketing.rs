//! A ticketing that has two tickets of acme's.

use tonic::{Request, Response, Status};
use vorrang_api::ticketing::v1::ticket_service_server::TicketService;
use vorrang_api::ticketing::v1::{
    AnswerSurveyRequest, AssignTicketRequest, ChangeTicketStateRequest, CreateMessageRequest, CreateMessageResponse,
    CreateTicketRequest, GetTicketRequest, ListMessagesRequest, ListMessagesResponse, ListTicketsRequest,
    ListTicketsResponse, MarkTicketRequest, RestoreTicketRequest, SurveyAnswer, Ticket, UpdateTicketRequest,
};
use vorrang_service::{status, tenant};

/// The first ticket.
pub const TICKET: &str = "tickets/01990000-0000-7000-8000-00000000000a";
/// The first ticket, by its number.
pub const TICKET_BY_NUMBER: &str = "tickets/7";
/// The second one.
pub const OTHER_TICKET: &str = "tickets/01990000-0000-7000-8000-00000000000b";

/// See the head of the file.
pub struct Ticketing;

type Answer<T> = Result<Response<T>, Status>;

fn never<T>() -> Answer<T> {
    panic!("knowledge only reads tickets")
}

#[tonic::async_trait]
impl TicketService for Ticketing {
    async fn get_ticket(&self, request: Request<GetTicketRequest>) -> Answer<Ticket> {
        let tenant = tenant(&request).map_err(status)?;
        let name = match request.get_ref().name.as_str() {
            TICKET | TICKET_BY_NUMBER => TICKET,
            OTHER_TICKET => OTHER_TICKET,
            _ => "",
        };
        if name.is_empty() || tenant != "acme" {
            return Err(Status::not_found("there is no such ticket"));
        }
        Ok(Response::new(Ticket {
            name: name.to_owned(),
            ..Ticket::default()
        }))
    }

    async fn create_ticket(&self, _: Request<CreateTicketRequest>) -> Answer<Ticket> {
        never()
    }

    async fn list_tickets(&self, _: Request<ListTicketsRequest>) -> Answer<ListTicketsResponse> {
        never()
    }

    async fn update_ticket(&self, _: Request<UpdateTicketRequest>) -> Answer<Ticket> {
        never()
    }

    async fn change_ticket_state(&self, _: Request<ChangeTicketStateRequest>) -> Answer<Ticket> {
        never()
    }

    async fn assign_ticket(&self, _: Request<AssignTicketRequest>) -> Answer<Ticket> {
        never()
    }

    async fn create_message(&self, _: Request<CreateMessageRequest>) -> Answer<CreateMessageResponse> {
        never()
    }

    async fn list_messages(&self, _: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        never()
    }

    async fn mark_ticket(&self, _: Request<MarkTicketRequest>) -> Answer<Ticket> {
        never()
    }

    async fn restore_ticket(&self, _: Request<RestoreTicketRequest>) -> Answer<Ticket> {
        never()
    }

    async fn answer_survey(&self, _: Request<AnswerSurveyRequest>) -> Answer<SurveyAnswer> {
        never()
    }
}
