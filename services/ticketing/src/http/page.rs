//! The pages as HTML. Pure.

use super::html::Html;
use super::speech::Speech;
use crate::survey::answer::COMMENT_MAX;
use crate::survey::phrases::{Notice, Phrases};
use crate::survey::{Kind, Survey};

/// The one style of all pages; they are whole without it.
pub const STYLE: &str = include_str!("style.css");

/// What stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled<'a> {
    /// The number of the request it is about.
    pub ticket: Option<i64>,
    /// The chosen score.
    pub score: Option<i32>,
    /// What was written, when it has to be written again.
    pub comment: &'a str,
    /// Whether there is an answer already.
    pub answered: bool,
    /// Whether that answer has a comment.
    pub has_comment: bool,
    /// What is wrong.
    pub problem: Option<&'a str>,
}

/// The page with the question.
pub fn question(survey: &Survey, speech: &Speech, filled: &Filled<'_>) -> String {
    let words = &speech.phrases.page;
    let mut html = begin(
        speech.phrases,
        &words.title,
        filled.problem.map(|_| words.error.as_str()),
    );
    if let Some(number) = filled.ticket {
        html.markup("<p>")
            .text(&words.about)
            .markup(" ")
            .number(number)
            .markup("</p>\n");
    }
    if filled.answered {
        html.markup("<p class=\"note\">").text(&words.answered).markup("</p>\n");
    }
    if let Some(problem) = filled.problem {
        html.markup("<p class=\"problem\" role=\"alert\" id=\"problem\"><strong>")
            .text(&words.error)
            .markup("</strong> ")
            .text(problem)
            .markup("</p>\n");
    }
    if !speech.text.introduction.is_empty() {
        html.markup("<p class=\"own\" lang=\"")
            .text(&speech.text.language)
            .markup("\">")
            .text(&speech.text.introduction)
            .markup("</p>\n");
    }
    html.markup("<form method=\"post\">\n");
    choices(&mut html, survey.kind, speech, filled);
    if survey.ask_comment {
        comment(&mut html, speech.phrases, filled);
    }
    html.markup("<p><button type=\"submit\">")
        .text(if filled.answered { &words.change } else { &words.send })
        .markup("</button></p>\n</form>\n");
    languages(&mut html, survey, speech, filled.score);
    end(html)
}

fn choices(html: &mut Html, kind: Kind, speech: &Speech, filled: &Filled<'_>) {
    let labels = &speech.phrases.kind(kind).labels;
    html.markup(if labels.len() < kind.scale().count() {
        "<fieldset class=\"row\""
    } else {
        "<fieldset"
    });
    if filled.problem.is_some() {
        html.markup(" aria-describedby=\"problem\"");
    }
    html.markup(">\n<legend class=\"own\" lang=\"")
        .text(&speech.text.language)
        .markup("\">")
        .text(&speech.text.question)
        .markup("</legend>\n");
    let mut scores: Vec<i32> = kind.scale().collect();
    let is_yes_or_no = kind == Kind::OneContact;
    if is_yes_or_no {
        // People expect yes before no.
        scores.reverse();
    }
    for score in scores {
        html.markup("<label><input type=\"radio\" name=\"score\" value=\"")
            .number(score.into())
            .markup("\" required")
            .markup(if filled.score == Some(score) { " checked>" } else { ">" });
        if !is_yes_or_no {
            html.markup(" <b>").number(score.into()).markup("</b>");
        }
        if let Some(label) = labels.get(&score.to_string()) {
            html.markup(" <span>").text(label).markup("</span>");
        }
        html.markup("</label>\n");
    }
    html.markup("</fieldset>\n");
}

fn comment(html: &mut Html, phrases: &Phrases, filled: &Filled<'_>) {
    let words = &phrases.page;
    html.markup("<p><label for=\"comment\">")
        .text(&words.comment)
        .markup("</label>\n<textarea id=\"comment\" name=\"comment\" rows=\"4\" maxlength=\"")
        .number(COMMENT_MAX as i64)
        .markup("\" aria-describedby=\"hint\">\n")
        .text(filled.comment)
        .markup("</textarea>\n<span class=\"hint\" id=\"hint\">")
        .text(&words.comment_hint);
    if filled.has_comment {
        html.markup(" ").text(&words.comment_kept);
    }
    html.markup("</span></p>\n");
}

/// The page in the survey's other languages, with the same score chosen.
fn languages(html: &mut Html, survey: &Survey, speech: &Speech, score: Option<i32>) {
    let mut others = survey.languages();
    others.retain(|language| *language != speech.text.language);
    if others.is_empty() {
        return;
    }
    html.markup("<nav aria-label=\"")
        .text(&speech.phrases.page.languages)
        .markup("\"><ul>\n");
    for language in others {
        html.markup("<li><a href=\"?lang=").text(language);
        if let Some(score) = score {
            html.markup("&amp;score=").number(score.into());
        }
        html.markup("\" hreflang=\"")
            .text(language)
            .markup("\" lang=\"")
            .text(language)
            .markup("\">")
            .text(Phrases::exactly(language).map_or(language, |phrases| &phrases.name))
            .markup("</a></li>\n");
    }
    html.markup("</ul></nav>\n");
}

/// The thanks, in the survey's words if it has some; the way back to the question while an answer can still be changed.
pub fn thanks(speech: &Speech, way_back: Option<&str>) -> String {
    let words = &speech.phrases.page;
    let mut html = begin(speech.phrases, &words.thanks.title, None);
    if speech.text.thanks.is_empty() {
        html.markup("<p>").text(&words.thanks.text).markup("</p>\n");
    } else {
        html.markup("<p class=\"own\" lang=\"")
            .text(&speech.text.language)
            .markup("\">")
            .text(&speech.text.thanks)
            .markup("</p>\n");
    }
    if let Some(way_back) = way_back {
        html.markup("<p><a href=\"")
            .text(way_back)
            .markup("\">")
            .text(&words.again)
            .markup("</a></p>\n");
    }
    end(html)
}

/// A page that only says something.
pub fn notice(phrases: &Phrases, notice: &Notice) -> String {
    let mut html = begin(phrases, &notice.title, None);
    html.markup("<p>").text(&notice.text).markup("</p>\n");
    end(html)
}

fn begin(phrases: &Phrases, title: &str, prefix: Option<&str>) -> Html {
    let mut html = Html::default();
    html.markup("<!doctype html>\n<html lang=\"")
        .text(&phrases.language)
        .markup(
            "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex, nofollow\">\n<title>",
        );
    if let Some(prefix) = prefix {
        // Screen readers say the title first: that something is wrong must not be missed.
        html.text(prefix).markup(" ");
    }
    html.text(title)
        .markup("</title>\n<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n<h1>")
        .text(title)
        .markup("</h1>\n");
    html
}

fn end(mut html: Html) -> String {
    html.markup("</main>\n</body>\n</html>\n");
    html.finish()
}
