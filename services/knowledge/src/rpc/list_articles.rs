use prost::Message as _;
use tonic::Request;
use uuid::Uuid;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::article::State;
use crate::store::Listing;
use crate::{convert, locale};

/// A page is cut before it exceeds this, so that it fits in what clients of other languages accept.
const PAGE_MAX_BYTES: usize = 3 * 1024 * 1024;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::ListArticlesRequest>,
) -> Result<pb::ListArticlesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let message = request.get_ref();
    let mut violations = Violations::new();
    let state = match pb::article::State::try_from(message.state) {
        Ok(pb::article::State::Unspecified) => None,
        Ok(pb::article::State::Draft) => Some(State::Draft),
        Ok(pb::article::State::Published) => Some(State::Published),
        Err(_) => {
            violations.add("state", "is not a state");
            None
        }
    };
    let locale = violations
        .take("locale", locale::parse_optional(&message.locale))
        .flatten();
    let arguments = [&message.state.to_string(), message.locale.as_str()];
    let mut page: Page<(i64, Uuid)> = Page::parse(message.page_size, &message.page_token, &arguments, &mut violations);
    violations.into_result()?;

    let listing = Listing {
        state,
        language: locale.as_deref().map(locale::language_of).map(str::to_owned),
        after: page.after,
        limit: page.limit(),
    };
    let mut rows = app.store.articles(&tenant, &listing).await?;
    page.size = page.size.min(fitting(&rows));
    let next_page_token = page.cut(&mut rows, |last| (last.created_at.timestamp_micros(), last.id));
    Ok(pb::ListArticlesResponse {
        articles: rows.iter().map(convert::article).collect(),
        next_page_token,
    })
}

/// How many of the first articles fit in a page; one always does.
fn fitting(rows: &[crate::article::Article]) -> u64 {
    let mut bytes = 0;
    let fit = rows
        .iter()
        .take_while(|article| {
            bytes += convert::article(article).encoded_len();
            bytes <= PAGE_MAX_BYTES
        })
        .count();
    u64::try_from(fit).unwrap_or(u64::MAX).max(1)
}
