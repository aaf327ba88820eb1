//! `customer_orders`: What customers bought. The row keeps its id when customers are merged, since the note is sealed for it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub customer_id: Uuid,
    pub order_id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub ordered_at: i64,
    pub changed_at: Option<i64>,
    pub source: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
