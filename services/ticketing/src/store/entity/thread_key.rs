//! `thread_keys`: Which ticket a later contact joins by the key with this hash. `message_id` is the message that brought the key (none before there was
//! this column): the key goes where that message goes. `home` is the merged ticket to which the key goes back when that is unmerged.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "thread_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub ticket_id: Uuid,
    pub message_id: Option<Uuid>,
    pub home: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
