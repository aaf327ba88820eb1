use super::*;

fn graded(what: Value, value: f64) -> (Grade, &'static str, Option<f64>) {
    let graded = Graded::new(what, value, 1);
    (graded.grade, graded.band(), graded.next())
}

const IN: &str = "in_source_band";
const BETWEEN: &str = "between_bands";

#[test]
fn first_responses_are_graded_at_their_limits() {
    use Grade::{AboveAverage, Average, BelowAverage, Stellar, Unacceptable};
    let mail = Value::Response(Class::of("email"));
    assert_eq!(graded(mail, 48.0 * HOUR + 1.0), (Unacceptable, IN, Some(48.0 * HOUR)));
    assert_eq!(graded(mail, 48.0 * HOUR), (BelowAverage, IN, Some(24.0 * HOUR)));
    assert_eq!(graded(mail, 24.0 * HOUR), (Average, IN, Some(4.0 * HOUR)));
    assert_eq!(graded(mail, 12.0 * HOUR), (Average, IN, Some(4.0 * HOUR)));
    assert_eq!(graded(mail, 12.0 * HOUR - 1.0), (Average, BETWEEN, Some(4.0 * HOUR)));
    assert_eq!(graded(mail, 4.0 * HOUR), (AboveAverage, IN, Some(HOUR)));
    assert_eq!(graded(mail, HOUR), (Stellar, IN, None));
    let social = Value::Response(Class::of("telegram"));
    assert_eq!(graded(social, 49.0 * HOUR), (Unacceptable, BETWEEN, Some(48.0 * HOUR)));
    assert_eq!(graded(social, 16.0 * MINUTE), (AboveAverage, IN, Some(15.0 * MINUTE)));
    assert_eq!(graded(social, 15.0 * MINUTE), (Stellar, IN, None));
    let chat = Value::Response(Class::of("chat"));
    assert_eq!(graded(chat, 61.0 * MINUTE), (Unacceptable, IN, Some(HOUR)));
    assert_eq!(graded(chat, 30.0 * MINUTE), (BelowAverage, IN, Some(10.0 * MINUTE)));
    assert_eq!(
        graded(chat, 29.0 * MINUTE),
        (BelowAverage, BETWEEN, Some(10.0 * MINUTE))
    );
    assert_eq!(graded(chat, 10.0 * MINUTE), (Average, IN, Some(5.0 * MINUTE)));
    assert_eq!(graded(chat, 9.0 * MINUTE), (Average, BETWEEN, Some(5.0 * MINUTE)));
    assert_eq!(graded(chat, MINUTE), (Stellar, IN, None));
    let phone = Value::Response(Class::of("phone"));
    assert_eq!(graded(phone, 2.0 * HOUR), (Unacceptable, IN, Some(HOUR)));
    assert_eq!(graded(phone, HOUR), (BelowAverage, BETWEEN, Some(10.0 * MINUTE)));
    assert_eq!(graded(phone, 10.0 * MINUTE), (Average, BETWEEN, Some(5.0 * MINUTE)));
    assert_eq!(graded(phone, 5.0 * MINUTE), (AboveAverage, IN, Some(MINUTE)));
    // Nobody knows a carrier pigeon: it is judged as mail is.
    assert_eq!(Class::of("pigeon"), Class::Mail);
}

#[test]
fn resolutions_are_graded_and_abandonment_caps_them() {
    use Grade::{AboveAverage, Average, BelowAverage, Stellar, Unacceptable};
    let resolution = |spoken, abandoned| Value::Resolution { spoken, abandoned };
    let mail = resolution(false, false);
    assert_eq!(graded(mail, 7.0 * DAY + 1.0), (Unacceptable, IN, Some(7.0 * DAY)));
    assert_eq!(graded(mail, 7.0 * DAY), (BelowAverage, IN, Some(DAY)));
    assert_eq!(graded(mail, DAY), (Average, BETWEEN, Some(8.0 * HOUR)));
    assert_eq!(graded(mail, 8.0 * HOUR), (AboveAverage, BETWEEN, Some(2.0 * HOUR)));
    assert_eq!(graded(mail, 2.0 * HOUR), (Stellar, BETWEEN, None));
    let chat = resolution(true, false);
    assert_eq!(graded(chat, 4.0 * HOUR), (BelowAverage, BETWEEN, Some(HOUR)));
    assert_eq!(graded(chat, 10.0 * MINUTE), (Stellar, BETWEEN, None));
    assert_eq!(
        graded(resolution(true, true), MINUTE),
        (Unacceptable, IN, Some(4.0 * HOUR))
    );
}

#[test]
fn shares_answers_and_channels_are_graded() {
    use Grade::{AboveAverage, Average, BelowAverage, Stellar, Unacceptable};
    let csat = |quality| Value::Csat { quality };
    assert_eq!(graded(csat(None), 2.9), (Unacceptable, BETWEEN, Some(3.0)));
    assert_eq!(graded(csat(None), 3.0), (BelowAverage, IN, Some(4.0)));
    assert_eq!(graded(csat(None), 4.0), (Average, IN, Some(4.8)));
    assert_eq!(graded(csat(None), 5.0), (AboveAverage, IN, Some(4.95)));
    assert_eq!(graded(csat(Some(89.9)), 4.95), (AboveAverage, IN, Some(4.95)));
    assert_eq!(graded(csat(Some(90.0)), 4.95), (Stellar, IN, None));
    let channels = |live, always| Value::Channels { live, always };
    assert_eq!(graded(channels(true, true), 1.0), (Unacceptable, IN, Some(2.0)));
    assert_eq!(graded(channels(false, false), 2.0), (BelowAverage, IN, Some(2.0)));
    assert_eq!(graded(channels(true, false), 2.0), (Average, IN, Some(4.0)));
    assert_eq!(graded(channels(true, true), 3.0), (Average, BETWEEN, Some(4.0)));
    assert_eq!(graded(channels(false, false), 4.0), (AboveAverage, IN, Some(4.0)));
    assert_eq!(graded(channels(true, true), 5.0), (Stellar, IN, None));
    assert_eq!(graded(Value::SelfService, 0.0), (Unacceptable, IN, Some(0.0)));
    assert_eq!(graded(Value::SelfService, 0.1), (BelowAverage, BETWEEN, Some(15.0)));
    assert_eq!(graded(Value::SelfService, 15.0), (Average, BETWEEN, Some(30.0)));
    assert_eq!(graded(Value::SelfService, 50.0), (Stellar, IN, None));
    assert_eq!(graded(Value::Proactive, 0.0), (Unacceptable, IN, Some(0.0)));
    assert_eq!(graded(Value::Proactive, 0.5), (BelowAverage, BETWEEN, Some(1.0)));
    assert_eq!(graded(Value::Proactive, 5.0), (AboveAverage, BETWEEN, Some(10.0)));
    assert_eq!(graded(Value::Proactive, 10.0), (Stellar, BETWEEN, None));
}

#[test]
fn a_mean_is_rounded_down() {
    assert_eq!(Grade::of_points(3.99), Grade::Average);
    assert_eq!(Grade::of_points(4.0), Grade::AboveAverage);
    assert_eq!(Grade::of_points(0.3), Grade::Unacceptable);
    assert_eq!(Grade::of_points(9.0), Grade::Stellar);
}
