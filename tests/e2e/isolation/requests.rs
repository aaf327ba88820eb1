//! For each method a request that tries to reach another tenant's things.

/// What becomes of a call with another tenant's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// NOT_FOUND, as for an id that never was.
    NotFound,
    /// INVALID_ARGUMENT, as for a value that nobody ever got.
    Invalid,
    /// Whatever it is, nothing of the other tenant's.
    NothingOfTheirs,
    /// No API key may call it at all.
    Refused,
}

mod automations;
mod ticketing;
mod webhooks;

use Then::{Invalid, NotFound, NothingOfTheirs};

/// A method, a request, and what becomes of it.
pub type Line = (&'static str, &'static str, Then);

/// For each method a valid request with the other tenant's ids in every place that takes one.
pub fn all() -> impl Iterator<Item = &'static Line> {
    OTHERS
        .iter()
        .chain(ticketing::TICKETING)
        .chain(automations::AUTOMATIONS)
        .chain(webhooks::WEBHOOKS)
}

/// All services but ticketing.
const OTHERS: &[Line] = &[
    (
        "analytics.v1.InsightService/GetCustomerProfile",
        r#"{"customer": "{customer}"}"#,
        NotFound,
    ),
    (
        "analytics.v1.InsightService/GetJourney",
        r#"{"customer": "{customer}"}"#,
        NotFound,
    ),
    (
        "analytics.v1.InsightService/ListJourneyPaths",
        r#"{"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}"#,
        NothingOfTheirs,
    ),
    (
        "analytics.v1.KpiService/ExplainKpi",
        r#"{"kpi": "tickets_created", "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "cell": {"agent": "{agent}"}}"#,
        NothingOfTheirs,
    ),
    (
        "analytics.v1.KpiService/GradeServiceLevel",
        r#"{"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}"#,
        NothingOfTheirs,
    ),
    ("analytics.v1.KpiService/ListKpis", "{}", NothingOfTheirs),
    (
        "analytics.v1.KpiService/QueryKpis",
        r#"{"kpis": ["tickets_created"], "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "dimensions": ["agent"],
            "filters": [{"dimension": "agent", "values": ["{agent}"]}]}"#,
        NothingOfTheirs,
    ),
    (
        "analytics.v1.KpiService/WatchKpis",
        r#"{"query": {"kpis": ["tickets_created"], "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "dimensions": ["agent"]}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/PushTicket",
        r#"{"contact": {"external_id": "theirs-1", "conversation_id": "theirs-1", "channel": "CHANNEL_CHAT", "text": "hello",
            "identities": [{"kind": "KIND_EMAIL", "value": "theirs@example.org", "verified": true}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/PushTickets",
        r#"{"contact": {"external_id": "theirs-1", "conversation_id": "theirs-1", "channel": "CHANNEL_CHAT", "text": "hello",
            "identities": [{"kind": "KIND_EMAIL", "value": "theirs@example.org", "verified": true}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.ImportService/ImportHistory",
        r#"{"start": {"source": "theirs", "request_id": "theirs-1"}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.ImportService/GetImport",
        r#"{"name": "{import}"}"#,
        NotFound,
    ),
    ("ingestion.v1.ImportService/ListImports", "{}", NothingOfTheirs),
    (
        "ingestion.v1.ImportService/ListImportErrors",
        r#"{"parent": "{import}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.ImportService/DeleteImport",
        r#"{"name": "{import}"}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.ChatService/Converse",
        r#"{"start": {"conversation_id": "theirs-1", "identities": [{"kind": "KIND_EMAIL", "value": "theirs@example.org", "verified": true}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.CallService/RecordCallEvent",
        r#"{"call_id": "theirs-1", "started_at": "2026-01-01T00:00:00Z", "caller": "+4930123456",
            "event": {"kind": "KIND_QUEUED", "occurred_at": "2026-01-01T00:00:00Z"}}"#,
        NothingOfTheirs,
    ),
    // A reply to their mail: `In-Reply-To: <theirs@example.org>`.
    (
        "ingestion.v1.IngestionService/PushEmail",
        r#"{"raw": "RnJvbTogdGhlaXJzQGV4YW1wbGUub3JnClN1YmplY3Q6IFJlOiBoZWxsbwpJbi1SZXBseS1UbzogPHRoZWlyc0BleGFtcGxlLm9yZz4KCmhlbGxvCg=="}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/GetReceipt",
        r#"{"name": "receipts/{uuid}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/ListQuarantineItems",
        "{}",
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.QuarantineService/GetQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/RetryQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/DiscardQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.SourceService/CreateSource",
        r#"{"source": {"preset": "chatwoot"}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.SourceService/GetSource",
        r#"{"name": "{source}"}"#,
        NotFound,
    ),
    ("ingestion.v1.SourceService/ListSources", "{}", NothingOfTheirs),
    (
        "ingestion.v1.SourceService/UpdateSource",
        r#"{"source": {"name": "{source}", "disabled": true}, "update_mask": "disabled"}"#,
        NotFound,
    ),
    ("ingestion.v1.SourceService/ListPresets", "{}", NothingOfTheirs),
    (
        "knowledge.v1.ArticleService/CreateArticle",
        r#"{"article": {"locale": "en", "title": "Ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.ArticleService/GetArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    ("knowledge.v1.ArticleService/ListArticles", "{}", NothingOfTheirs),
    (
        "knowledge.v1.ArticleService/UpdateArticle",
        r#"{"article": {"name": "{article}", "title": "Taken"}, "update_mask": "title"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/PublishArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/UnpublishArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/SearchArticles",
        r#"{"query": "{canary}"}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("knowledge.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    (
        "knowledge.v1.FeedService/CommitCursor",
        r#"{"name": "consumers/kolibri", "cursor": "{cursor_knowledge}"}"#,
        Invalid,
    ),
    (
        "knowledge.v1.FeedService/GetConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    ("knowledge.v1.FeedService/ListConsumers", "{}", NothingOfTheirs),
    (
        "knowledge.v1.FeedService/DeleteConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/StartSession",
        r#"{"session": {"place": "ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.SessionService/GetSession",
        r#"{"name": "{session}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/RecordView",
        r#"{"name": "{session}", "article": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/SolveSession",
        r#"{"name": "{session}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/EscalateSession",
        r#"{"name": "{session}", "ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "routing.v1.AgentService/CreateAgent",
        r#"{"agent_id": "ours", "agent": {"display_name": "Ours"}}"#,
        NothingOfTheirs,
    ),
    ("routing.v1.AgentService/GetAgent", r#"{"name": "{agent}"}"#, NotFound),
    ("routing.v1.AgentService/ListAgents", "{}", NothingOfTheirs),
    (
        "routing.v1.AgentService/UpdateAgent",
        r#"{"agent": {"name": "{agent}", "team": "taken"}, "update_mask": "team"}"#,
        NotFound,
    ),
    ("routing.v1.AgentService/GetRoutingPolicy", "{}", NothingOfTheirs),
    (
        "routing.v1.AgentService/UpdateRoutingPolicy",
        r#"{"routing_policy": {"classes": [{"id": "all", "target": "60s"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "routing.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("routing.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    (
        "routing.v1.FeedService/CommitCursor",
        r#"{"name": "consumers/kolibri", "cursor": "{cursor_routing}"}"#,
        Invalid,
    ),
    (
        "routing.v1.FeedService/GetConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    ("routing.v1.FeedService/ListConsumers", "{}", NothingOfTheirs),
    (
        "routing.v1.FeedService/DeleteConsumer",
        r#"{"name": "consumers/kolibri"}"#,
        NotFound,
    ),
    ("routing.v1.QueueService/GetQueueStats", "{}", NothingOfTheirs),
    ("routing.v1.QueueService/PeekQueue", "{}", NothingOfTheirs),
    (
        "routing.v1.QueueService/GetWait",
        r#"{"ticket": "{ticket}"}"#,
        NothingOfTheirs,
    ),
    (
        "routing.v1.WorkService/Work",
        r#"{"hello": {"agent": "{agent}", "capacities": [{"channel": "CHANNEL_CHAT", "max_concurrent": 1}]}}"#,
        NotFound,
    ),
];
