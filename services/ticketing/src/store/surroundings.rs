//! What actions have to know.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use vorrang_database::error;
use vorrang_error::Error;

use super::entity::{customer, sub_state, ticket_field, webhook};
use super::{Store, macros, row, sendings, sub_states, surveys, ticket_fields};
use crate::action::{Needs, Surroundings};
use crate::ticket::Ticket;

impl Store {
    /// What `needs` asks for, to be done to `ticket`. Definitions may change between this and the commit, as if they had done so a
    /// moment later; a sub-state that is deleted meanwhile is noticed when it is given.
    pub(super) async fn surroundings<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        ticket: &Ticket,
        needs: &Needs,
    ) -> Result<Surroundings, Error> {
        let mut around = Surroundings {
            macros: macros::find(conn, tenant, &needs.macros).await?,
            ..Surroundings::default()
        };
        if needs.definitions {
            let rows = ticket_field::Entity::find()
                .filter(ticket_field::Column::Tenant.eq(tenant))
                .all(conn)
                .await
                .map_err(error)?;
            around.definitions = rows.into_iter().map(ticket_fields::read).collect::<Result<_, _>>()?;
            let rows = sub_state::Entity::find()
                .filter(sub_state::Column::Tenant.eq(tenant))
                .all(conn)
                .await
                .map_err(error)?;
            for row in rows {
                let one = sub_states::read(row)?;
                around.sub_states.insert(one.id.clone(), one);
            }
        }
        if needs.customer {
            let rows = customer::Entity::find()
                .filter(customer::Column::Tenant.eq(tenant))
                .filter(customer::Column::Id.eq(ticket.customer))
                .all(conn)
                .await
                .map_err(error)?;
            let found = row::with_identities(conn, &self.personal, tenant, rows).await?;
            around.customer_name = found.into_iter().next().map(|one| one.display_name).unwrap_or_default();
        }
        for id in &needs.surveys {
            if let Some(survey) = surveys::find(conn, tenant, id).await? {
                let asking = sendings::asking(conn, tenant, &survey, ticket, self.clock.now()).await?;
                around.surveys.insert(id.clone(), asking);
            }
        }
        if !needs.webhooks.is_empty() {
            let rows = webhook::Entity::find()
                .filter(webhook::Column::Tenant.eq(tenant))
                .filter(webhook::Column::DeletedAt.is_null())
                .filter(webhook::Column::Id.is_in(needs.webhooks.iter().copied()))
                .all(conn)
                .await
                .map_err(error)?;
            around.webhooks = rows.into_iter().map(|row| (row.id, row.disabled.is_empty())).collect();
        }
        Ok(around)
    }
}
