//! The page on which a customer answers: shown by GET, recorded by POST.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vorrang_error::{Error, Kind};

use super::form::{FORM_BYTES_MAX, Form};
use super::page::{self, Filled};
use super::speech::{self, Speech};
use super::{Pages, reply};
use crate::store::Page;
use crate::survey::phrases::{Notice, Page as Words};
use crate::survey::{Repeats, Token};

/// A form that takes longer to arrive is given up.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

type Segment = Result<Path<String>, PathRejection>;

/// A link that opens something.
struct Opened {
    token: Token,
    page: Page,
    speech: Speech,
    asked: Form,
}

/// Shows the question. Changes nothing, so that whatever follows links may follow this one.
pub async fn show(
    State(pages): State<Pages>,
    segment: Segment,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = match open(&pages, &segment, query, &headers).await {
        Ok(opened) => opened,
        Err(refusal) => return *refusal,
    };
    if opened.stands() {
        return opened.notice(StatusCode::OK, |words| &words.stands);
    }
    let filled = opened.filled(opened.asked.score);
    opened.question(StatusCode::OK, &filled)
}

/// Records the answer and sends the reader on to the thanks, so that loading that page again sends nothing again.
pub async fn record(
    State(pages): State<Pages>,
    segment: Segment,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let opened = match open(&pages, &segment, query, &headers).await {
        Ok(opened) => opened,
        Err(refusal) => return *refusal,
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case(FORM_TYPE) {
        return opened.notice(StatusCode::UNSUPPORTED_MEDIA_TYPE, |words| &words.broken);
    }
    let words = &opened.speech.phrases.page;
    let form = match tokio::time::timeout(FORM_TIMEOUT, to_bytes(body, FORM_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Form::read(&bytes),
        Ok(Err(_)) => return opened.problem(StatusCode::PAYLOAD_TOO_LARGE, &words.too_long, &Form::default()),
        Err(_) => return opened.notice(StatusCode::REQUEST_TIMEOUT, |words| &words.broken),
    };
    let fits = |score: &i32| opened.page.sending.kind.scale().contains(score);
    let Some(score) = form.score.filter(fits) else {
        return opened.problem(StatusCode::UNPROCESSABLE_ENTITY, &words.choose, &form);
    };
    if form.is_too_long() {
        return opened.problem(StatusCode::UNPROCESSABLE_ENTITY, &words.too_long, &form);
    }
    // A comment that nobody asked for is not kept.
    let comment = form.comment.filter(|_| opened.page.survey.ask_comment);
    match pages.store.answer_by_link(&opened.token, score, comment).await {
        Ok(()) => {
            let token = segment.as_deref().map_or("", String::as_str);
            let language = opened.asked.language.as_deref().filter(|language| is_plain(language));
            let language = language.map(|language| format!("?lang={language}")).unwrap_or_default();
            reply::see_other(&format!("{token}/thanks{language}"))
        }
        Err(error) => opened.refused(error),
    }
}

/// Says thanks.
pub async fn thanks(
    State(pages): State<Pages>,
    segment: Segment,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = match open(&pages, &segment, query, &headers).await {
        Ok(opened) => opened,
        Err(refusal) => return *refusal,
    };
    let back = format!("../{}", segment.as_deref().map_or("", String::as_str));
    if opened.page.answer.is_none() {
        return reply::see_other(&back);
    }
    let way_back = (!opened.stands()).then_some(back.as_str());
    let html = page::thanks(&opened.speech, way_back);
    reply::page(StatusCode::OK, &opened.speech.phrases.language, html)
}

/// 405.
pub async fn not_allowed(headers: HeaderMap) -> Response {
    notice(StatusCode::METHOD_NOT_ALLOWED, &headers, |words| &words.unknown)
}

/// What a link leads to, or the page that says why it leads nowhere.
async fn open(
    pages: &Pages,
    segment: &Segment,
    query: Option<String>,
    headers: &HeaderMap,
) -> Result<Opened, Box<Response>> {
    let refuse = |status, choose: fn(&Words) -> &Notice| Box::new(notice(status, headers, choose));
    let text = segment.as_deref().map_or("", String::as_str);
    let Some(token) = pages.links.read(text) else {
        return Err(refuse(StatusCode::NOT_FOUND, |words| &words.unknown));
    };
    if let Err(limited) = pages.rate.check(&token.tenant) {
        let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, |words| &words.busy);
        let after = limited.retry_after().map_or(1, |after| after.as_secs() + 1);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(after));
        return Err(response);
    }
    let now = pages.clock.now();
    if now.timestamp() > token.closes_at.timestamp() {
        return Err(refuse(StatusCode::GONE, |words| &words.closed));
    }
    let page = match pages.store.page(&token).await {
        Ok(page) => page,
        Err(error) => return Err(Box::new(failed(headers, error))),
    };
    if page.erased {
        return Err(refuse(StatusCode::GONE, |words| &words.erased));
    }
    match page.sending.closes_at {
        Some(closes_at) if now <= closes_at => {}
        Some(_) => return Err(refuse(StatusCode::GONE, |words| &words.closed)),
        None => return Err(refuse(StatusCode::NOT_FOUND, |words| &words.unknown)),
    }
    let asked = Form::read(query.unwrap_or_default().as_bytes());
    let of_ticket = page.ticket.as_ref().map_or("", |ticket| ticket.language.as_str());
    let known = [of_ticket, page.sending.language.as_str()];
    let speech = speech::speech(&page.survey, asked.language.as_deref(), accept_language(headers), known);
    Ok(Opened {
        token,
        page,
        speech,
        asked,
    })
}

impl Opened {
    /// Whether there is an answer that cannot be changed.
    fn stands(&self) -> bool {
        self.page.survey.repeats == Repeats::FirstStands && self.page.answer.is_some()
    }

    fn filled(&self, score: Option<i32>) -> Filled<'_> {
        let answer = self.page.answer.as_ref();
        Filled {
            ticket: self.page.ticket.as_ref().map(|ticket| ticket.number),
            score: score.or(answer.map(|answer| answer.score)),
            comment: "",
            answered: answer.is_some(),
            has_comment: answer.is_some_and(|answer| answer.has_comment),
            problem: None,
        }
    }

    fn question(&self, status: StatusCode, filled: &Filled<'_>) -> Response {
        let html = page::question(&self.page.survey, &self.speech, filled);
        reply::page(status, &self.speech.phrases.language, html)
    }

    /// The form again, with what was in it and what is wrong with it.
    fn problem(&self, status: StatusCode, problem: &str, form: &Form) -> Response {
        let filled = Filled {
            comment: form.comment.as_deref().unwrap_or_default(),
            problem: Some(problem),
            ..self.filled(form.score)
        };
        self.question(status, &filled)
    }

    fn notice(&self, status: StatusCode, choose: fn(&Words) -> &Notice) -> Response {
        let phrases = self.speech.phrases;
        reply::page(status, &phrases.language, page::notice(phrases, choose(&phrases.page)))
    }

    /// What the store says against an answer that seemed to be possible a moment ago.
    fn refused(&self, error: Error) -> Response {
        match error.reason() {
            "ALREADY_ANSWERED" => self.notice(StatusCode::CONFLICT, |words| &words.stands),
            "ERASED" => self.notice(StatusCode::GONE, |words| &words.erased),
            "SURVEY_CLOSED" => self.notice(StatusCode::GONE, |words| &words.closed),
            _ => {
                let status = told(error);
                self.notice(status, |words| &words.broken)
            }
        }
    }
}

fn failed(headers: &HeaderMap, error: Error) -> Response {
    match error.kind() {
        Kind::NotFound => notice(StatusCode::NOT_FOUND, headers, |words| &words.unknown),
        _ => {
            let status = told(error);
            notice(status, headers, |words| &words.broken)
        }
    }
}

/// The status of an error, which goes to the log as every other does.
fn told(error: Error) -> StatusCode {
    vorrang_service::http_error(error).status()
}

fn notice(status: StatusCode, headers: &HeaderMap, choose: fn(&Words) -> &Notice) -> Response {
    let phrases = speech::phrases(accept_language(headers));
    reply::page(status, &phrases.language, page::notice(phrases, choose(&phrases.page)))
}

fn accept_language(headers: &HeaderMap) -> &str {
    let value = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Whether it can stand in an address as it is.
fn is_plain(language: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    language.len() <= 35 && language.bytes().all(fits)
}
