//! What the page needs that a customer opens by a link.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use vorrang_database::error;
use vorrang_error::Error;

use crate::names;
use crate::store::answers;
use crate::store::entity::answer;
use crate::store::{Store, surveys};
use crate::survey::{Answer, Sending, Survey, Token};
use crate::ticket::Ticket;

/// A sending with everything around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The sending.
    pub sending: Sending,
    /// What asks.
    pub survey: Survey,
    /// What it is about.
    pub ticket: Option<Ticket>,
    /// The answer that holds.
    pub answer: Option<Answer>,
    /// Whether who was asked is nobody any more.
    pub erased: bool,
}

impl Store {
    /// What a link leads to.
    ///
    /// # Errors
    /// NotFound when there is no such sending any more.
    pub async fn page(&self, token: &Token) -> Result<Page, Error> {
        let tenant = token.tenant.as_str();
        let sending = self.sending(tenant, token.sending).await?;
        let survey = surveys::get(self.db.reader(), tenant, &sending.survey).await?;
        let ticket = match sending.ticket {
            Some(id) => Some(self.ticket(tenant, names::TicketRef::Id(id)).await?),
            None => None,
        };
        let mut about = answer::Entity::find().filter(answer::Column::Tenant.eq(tenant));
        about = match sending.ticket {
            Some(ticket) => about
                .filter(answer::Column::TicketId.eq(ticket))
                .filter(answer::Column::Kind.eq(sending.kind.as_str()))
                .filter(answer::Column::Solve.eq(sending.solve)),
            None => about.filter(answer::Column::SendingId.eq(sending.id)),
        };
        let answer = about.one(self.db.reader()).await.map_err(error)?;
        let answer = answer.into_iter().collect();
        let erased = match &ticket {
            Some(ticket) => ticket.erased,
            // Read as whoever it was merged into.
            None => self.customer(tenant, sending.customer).await?.erased_at.is_some(),
        };
        Ok(Page {
            answer: answers::read(self.db.reader(), &self.personal, tenant, answer)
                .await?
                .pop(),
            erased,
            sending,
            survey,
            ticket,
        })
    }
}
