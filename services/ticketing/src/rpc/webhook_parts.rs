//! What several RPCs about webhooks do.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Kind, Violations};

use crate::app::App;
use crate::names;

/// Checks that a URL may be called, as far as can be said before its addresses are known.
pub fn check_url(app: &App, field: &str, url: &str, violations: &mut Violations) {
    violations.take(field, app.courier.check_url(url));
}

/// Checks that a filter can be read.
pub fn check_filter(app: &App, field: &str, filter: &str, violations: &mut Violations) {
    violations.take(field, app.feed.filter(filter));
}

/// Shows the secret of a webhook that was just made or got a new one. A repeat of the call shows it, too, unless the webhook was
/// changed or removed since: a secret that came later is not for whoever repeats an old call.
pub async fn with_secret(app: &App, tenant: &str, mut webhook: pb::Webhook) -> Result<pb::Webhook, Error> {
    let id = names::parse_webhook(&webhook.name).map_err(Error::internal)?;
    match app.store.webhook_secrets(tenant, id).await {
        Ok((found, _)) if vorrang_service::etag(found.revision) != webhook.etag => {}
        Ok((_, secrets)) => webhook.secret = secrets.first().map(|secret| secret.text()).unwrap_or_default(),
        Err(error) if error.kind() == Kind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(webhook)
}
