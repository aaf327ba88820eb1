//! Articles in the database.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;
use vorrang_database::{Tx, error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::entity::article::{self as row, Column, Entity};
use super::{Answer, Call, Store};
use crate::article::{Article, State, TYPE, Text, name};
use crate::convert;
use crate::event::Event;

/// Bodies are read up to here to show a passage of them.
pub(crate) const EXCERPT_CHARS: usize = 20_000;
/// Bodies read at once when an index is built.
const PAGE_CHARS: i64 = 4 * 1024 * 1024;

/// Everything but tenant and body.
const HEAD: [Column; 11] = [
    Column::Id,
    Column::Locale,
    Column::Title,
    Column::Tags,
    Column::Category,
    Column::State,
    Column::Version,
    Column::Revision,
    Column::CreatedAt,
    Column::UpdatedAt,
    Column::PublishedAt,
];

/// Which articles a list has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub state: Option<State>,
    /// A language without region: `de` lists `de` and `de-at`.
    pub language: Option<String>,
    /// Go on after this row: created at (unix microseconds) and id.
    pub after: Option<(i64, Uuid)>,
    /// At least 1.
    pub limit: u64,
}

/// A row without its body, which lists do not need.
#[derive(FromQueryResult)]
struct Head {
    id: Uuid,
    locale: String,
    title: String,
    tags: String,
    category: String,
    state: String,
    version: i32,
    revision: i64,
    created_at: i64,
    updated_at: i64,
    published_at: Option<i64>,
}

impl Store {
    /// Writes a new article with its event.
    pub(crate) async fn create_article(
        &self,
        call: &Call,
        article: Article,
        event: Event,
    ) -> Result<Answer<Article>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        to_row(&call.tenant, &article)
            .into_active_model()
            .insert(tx.conn())
            .await
            .map_err(database_error)?;
        self.finish(tx, call, &convert::encode_article(&article), Some(&event))
            .await?;
        Ok(Answer::Fresh(article))
    }

    /// Locks an article, lets `decide` change it, and writes it with the event that `decide` gives; no event means that
    /// nothing changed.
    ///
    /// Fails with NotFound, and as `decide` does.
    pub(crate) async fn change_article(
        &self,
        call: &Call,
        id: Uuid,
        decide: impl FnOnce(&mut Article) -> Result<Option<Event>, Error>,
    ) -> Result<Answer<Article>, Error> {
        let tx = match self.begin(call).await? {
            Answer::Fresh(tx) => tx,
            Answer::Repeated(answer) => return Ok(Answer::Repeated(answer)),
        };
        let mut article = find(&call.tenant, id)
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))
            .and_then(from_row)?;
        let event = decide(&mut article)?;
        if event.is_some() {
            to_row(&call.tenant, &article)
                .into_active_model()
                .reset_all()
                .update(tx.conn())
                .await
                .map_err(database_error)?;
        }
        self.finish(tx, call, &convert::encode_article(&article), event.as_ref())
            .await?;
        Ok(Answer::Fresh(article))
    }

    /// One article. Fails with NotFound.
    pub(crate) async fn article(&self, tenant: &str, id: Uuid) -> Result<Article, Error> {
        find(tenant, id)
            .one(self.database.reader())
            .await
            .map_err(database_error)?
            .ok_or_else(|| not_found(id))
            .and_then(from_row)
    }

    /// Articles, newest first, without bodies.
    pub(crate) async fn articles(&self, tenant: &str, listing: &Listing) -> Result<Vec<Article>, Error> {
        let mut query = Entity::find()
            .select_only()
            .columns(HEAD)
            .filter(Column::Tenant.eq(tenant))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(listing.limit);
        if let Some(state) = listing.state {
            query = query.filter(Column::State.eq(state_text(state)));
        }
        if let Some(language) = &listing.language {
            query = query.filter(
                Condition::any()
                    .add(Column::Locale.eq(language))
                    .add(Column::Locale.starts_with(format!("{language}-"))),
            );
        }
        if let Some((created_at, id)) = listing.after {
            query = query.filter(
                Condition::any().add(Column::CreatedAt.lt(created_at)).add(
                    Condition::all()
                        .add(Column::CreatedAt.eq(created_at))
                        .add(Column::Id.lt(id)),
                ),
            );
        }
        let heads = query
            .into_model::<Head>()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        heads.into_iter().map(from_head).collect()
    }

    /// Those of `ids` that are published now, with their bodies, in no particular order.
    pub(crate) async fn published_articles(&self, tenant: &str, ids: &[Uuid]) -> Result<Vec<Article>, Error> {
        let rows = published(tenant)
            .filter(Column::Id.is_in(ids.iter().copied()))
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter().map(from_row).collect()
    }

    /// As [`Store::published_articles`], with the first [`EXCERPT_CHARS`] characters of the bodies only: a page of search
    /// results must not cost 50 MiB because somebody stores books.
    pub(crate) async fn published_excerpts(&self, tenant: &str, ids: &[Uuid]) -> Result<Vec<Article>, Error> {
        let rows = published(tenant)
            .select_only()
            .columns(HEAD)
            .expr_as(Expr::cust(format!("substr(body, 1, {EXCERPT_CHARS})")), "body")
            .column(Column::Tenant)
            .filter(Column::Id.is_in(ids.iter().copied()))
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter().map(from_row).collect()
    }

    /// The next published articles in the order of their ids, after `after`: at most `limit`, and at most
    /// [`PAGE_CHARS`] of bodies, but always one. Nothing means that there is nothing left.
    pub(crate) async fn published_page(
        &self,
        tenant: &str,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Article>, Error> {
        let mut query = published(tenant)
            .select_only()
            .column(Column::Id)
            .expr(Expr::cust("CAST(length(body) AS BIGINT)"))
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(after));
        }
        let sizes: Vec<(Uuid, i64)> = query
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        let mut chars = 0;
        let ids: Vec<Uuid> = sizes
            .into_iter()
            .enumerate()
            .take_while(|(at, (_, size))| {
                chars += size;
                *at == 0 || chars <= PAGE_CHARS
            })
            .map(|(_, (id, _))| id)
            .collect();
        let Some(last) = ids.last() else {
            return Ok(Vec::new());
        };
        let mut articles = self.published_articles(tenant, &ids).await?;
        articles.sort_by_key(|article| article.id);
        if articles.is_empty() {
            // All were unpublished in between: what follows them must still be read.
            return Box::pin(self.published_page(tenant, Some(*last), limit)).await;
        }
        Ok(articles)
    }
}

fn published(tenant: &str) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::State.eq(state_text(State::Published)))
}

/// Checks that customers can read the article. Fails with NotFound, and with Precondition `ARTICLE_NOT_PUBLISHED`.
pub(super) async fn check_published(tx: &Tx, tenant: &str, id: Uuid) -> Result<(), Error> {
    let row = find(tenant, id)
        .one(tx.conn())
        .await
        .map_err(database_error)?
        .ok_or_else(|| not_found(id))?;
    match read_state(&row.state)? {
        State::Published => Ok(()),
        State::Draft => {
            Err(Error::precondition("ARTICLE_NOT_PUBLISHED", "the article is not published").with("article", name(id)))
        }
    }
}

fn find(tenant: &str, id: Uuid) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Id.eq(id))
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(TYPE, name(id))
}

fn state_text(state: State) -> &'static str {
    match state {
        State::Draft => "DRAFT",
        State::Published => "PUBLISHED",
    }
}

fn read_state(text: &str) -> Result<State, Error> {
    match text {
        "DRAFT" => Ok(State::Draft),
        "PUBLISHED" => Ok(State::Published),
        other => Err(Error::internal(format!("an article is in the unknown state {other}"))),
    }
}

fn to_row(tenant: &str, article: &Article) -> row::Model {
    row::Model {
        tenant: tenant.to_owned(),
        id: article.id,
        locale: article.text.locale.clone(),
        title: article.text.title.clone(),
        body: article.text.body.clone(),
        tags: serde_json::to_string(&article.text.tags).expect("strings are valid JSON"),
        category: article.text.category.clone(),
        state: state_text(article.state).to_owned(),
        version: article.version,
        revision: article.revision,
        created_at: micros(article.created_at),
        updated_at: micros(article.updated_at),
        published_at: article.published_at.map(micros),
    }
}

fn from_row(row: row::Model) -> Result<Article, Error> {
    let body = row.body;
    let mut article = from_head(Head {
        id: row.id,
        locale: row.locale,
        title: row.title,
        tags: row.tags,
        category: row.category,
        state: row.state,
        version: row.version,
        revision: row.revision,
        created_at: row.created_at,
        updated_at: row.updated_at,
        published_at: row.published_at,
    })?;
    article.text.body = body;
    Ok(article)
}

fn from_head(head: Head) -> Result<Article, Error> {
    Ok(Article {
        id: head.id,
        text: Text {
            locale: head.locale,
            title: head.title,
            body: String::new(),
            tags: serde_json::from_str(&head.tags)
                .map_err(|error| Error::internal("the tags of an article cannot be read").caused_by(error))?,
            category: head.category,
        },
        state: read_state(&head.state)?,
        version: head.version,
        revision: head.revision,
        created_at: from_micros(head.created_at),
        updated_at: from_micros(head.updated_at),
        published_at: head.published_at.map(from_micros),
    })
}
