//! Its tickets by name, and their customers who leave; routing asks for nothing else of them.

use tonic::{Request, Response, Status};
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::Handling;
use vorrang_api::ticketing::v1::ticket_service_server::TicketService;
use vorrang_api::ticketing::v1::{
    AnswerSurveyRequest, AssignTicketRequest, ChangeTicketStateRequest, CreateMessageRequest, CreateMessageResponse,
    CreateTicketRequest, GetTicketRequest, ListMessagesRequest, ListMessagesResponse, ListTicketsRequest,
    ListTicketsResponse, MarkTicketRequest, RestoreTicketRequest, SurveyAnswer, Ticket, TicketQueueLeft, TicketQueued,
    UpdateTicketRequest,
};
use vorrang_error::Error;
use vorrang_service::{status, tenant};

use super::{Answer, FakeTicketing, Mode, down, seconds};

#[tonic::async_trait]
impl TicketService for FakeTicketing {
    async fn get_ticket(&self, request: Request<GetTicketRequest>) -> Answer<Ticket> {
        let tenant = tenant(&request).map_err(status)?;
        let id = request.get_ref().name.trim_start_matches("tickets/").to_owned();
        let state = self.state();
        if state.mode == Mode::Down {
            return Err(down());
        }
        let found = state.tickets.get(&(tenant, id)).cloned();
        found.map(Response::new).ok_or_else(|| {
            status(Error::not_found(
                "vorrang.ticketing.v1.Ticket",
                request.get_ref().name.clone(),
            ))
        })
    }

    async fn create_ticket(&self, _: Request<CreateTicketRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_tickets(&self, _: Request<ListTicketsRequest>) -> Answer<ListTicketsResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn update_ticket(&self, _: Request<UpdateTicketRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn change_ticket_state(&self, _: Request<ChangeTicketStateRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn mark_ticket(&self, _: Request<MarkTicketRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn restore_ticket(&self, _: Request<RestoreTicketRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn assign_ticket(&self, _: Request<AssignTicketRequest>) -> Answer<Ticket> {
        Err(Status::unimplemented("not here"))
    }

    async fn create_message(&self, _: Request<CreateMessageRequest>) -> Answer<CreateMessageResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_messages(&self, _: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn answer_survey(&self, _: Request<AnswerSurveyRequest>) -> Answer<SurveyAnswer> {
        Err(Status::unimplemented("not here"))
    }
}

impl FakeTicketing {
    /// Its customer leaves the queue; it waits anew as work.
    pub fn leave(&self, tenant: &str, id: &str, left_at: i64) {
        let queue_entered_at = self.ticket(tenant, id).queue_entered_at;
        let change = |ticket: &mut Ticket| {
            ticket.handling = Handling::Asynchronous.into();
            ticket.queue_entered_at = Some(seconds(left_at));
            ticket.generation += 1;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketQueueLeft(TicketQueueLeft {
                ticket: Some(ticket),
                queue_entered_at,
                left_at: Some(seconds(left_at)),
            })
        });
        self.tell(
            tenant,
            id,
            |_| {},
            |ticket| Payload::TicketQueued(TicketQueued { ticket: Some(ticket) }),
        );
    }
}
