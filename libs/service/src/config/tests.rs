use std::io::Write as _;

use super::*;

fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Config, Error> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(toml.as_bytes()).expect("written");
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    super::load::load(Some(file.path()), &environment)
}

/// The fields that are complained about, and everything that is said about them.
fn complaints(result: Result<Config, Error>) -> (Vec<String>, String) {
    let error = result.expect_err("it must be refused");
    let fields = error.violations().iter().map(|one| one.field.clone()).collect();
    let text: Vec<_> = error
        .violations()
        .iter()
        .map(|one| format!("{}: {}", one.field, one.description))
        .collect();
    (fields, text.join("\n"))
}

#[test]
fn defaults_are_complete() {
    let config = Config::defaults();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7700");
    assert_eq!(
        config.admin_listen.map(|address| address.to_string()).as_deref(),
        Some("127.0.0.1:7790")
    );
    assert!(config.data_dir.is_absolute());
    assert_eq!(config.limits.max_message_bytes, 16 * 1024 * 1024);
}

#[test]
fn what_is_printed_can_be_loaded_and_shows_every_key() {
    let printed = Config::defaults().print();
    let again = load(&printed, &[]).expect("it is a configuration");
    assert_eq!(again.print(), printed);
    let shown: toml::Table = printed.parse().expect("TOML");
    let documented: toml::Table = include_str!("config.default.toml").parse().expect("TOML");
    for (section, value) in documented {
        let Some(keys) = value.as_table() else {
            assert!(shown.contains_key(&section), "{section} is not printed");
            continue;
        };
        for key in keys.keys() {
            assert!(shown[&section].get(key).is_some(), "{section}.{key} is not printed");
        }
    }
}

#[test]
fn later_sources_win() {
    let toml = "listen = \"127.0.0.1:1\"\n[limits]\nmax_streams = 7\ntenant_burst = 8";
    let config = load(toml, &[("VORRANG_LIMITS__MAX_STREAMS", "9")]).expect("valid");
    assert_eq!(config.listen.port(), 1);
    assert_eq!(config.limits.max_streams, 9);
    assert_eq!(config.limits.tenant_burst, 8);
}

#[test]
fn every_mistake_is_named_at_once_with_its_source() {
    let toml = r#"
        listen = "localhost"
        lisen = "x"
        log = "loud=everything=now"
        [limits]
        max_streams = "many"
        tenant_burst = 0
        [ticketing]
        database_url = "mysql://root:hunter2hunter2@db/x"
        [secrets]
        cursor_key = "short"
        [speed]
        fast = true
        [limts]
        max_streams = 1
    "#;
    let (fields, text) = complaints(load(
        toml,
        &[
            ("VORRANG_REDIS__ULR", "redis://x"),
            ("VORRANG_LIMITS__MAX_MESSAGE_BYTES", "9"),
        ],
    ));
    for field in [
        "listen",
        "lisen",
        "log",
        "limits.max_streams",
        "limits.tenant_burst",
        "limits.max_message_bytes",
        "ticketing.database_url",
        "secrets.cursor_key",
        "speed",
        "redis.ulr",
        "limts",
    ] {
        assert!(fields.iter().any(|one| one == field), "{field} is not in:\n{text}");
    }
    assert_eq!(fields.len(), 11, "{text}");
    assert!(text.contains("did you mean listen?"), "{text}");
    assert!(text.contains("did you mean VORRANG_REDIS__URL?"), "{text}");
    assert!(text.contains("did you mean limits?"), "{text}");
    assert!(text.contains("VORRANG_REDIS__ULR"), "{text}");
    assert!(!text.contains("hunter2"), "a password is repeated:\n{text}");
}

#[test]
fn networks_are_lists_that_are_checked() {
    assert!(Config::defaults().ticketing.webhook_allow_private.is_empty());
    let toml = "[ticketing]\nwebhook_allow_private = [\"10.0.0.0/8\", \"fd00::/8\"]";
    let config = load(toml, &[]).expect("valid");
    assert_eq!(config.ticketing.webhook_allow_private().len(), 2);
    let variable = ("VORRANG_TICKETING__WEBHOOK_ALLOW_PRIVATE", " 127.0.0.0/8 , ::1");
    let config = load(toml, &[variable]).expect("valid");
    assert_eq!(config.ticketing.webhook_allow_private, ["127.0.0.0/8", "::1"]);
    assert!(
        config
            .print()
            .contains("webhook_allow_private = [\"127.0.0.0/8\", \"::1\"]"),
        "{}",
        config.print()
    );
    for wrong in [
        "\"10.0.0.0/8\"",
        "[\"10.0.0.0/40\"]",
        "[\"intranet\"]",
        "[8]",
        "[[\"10.0.0.0/8\"]]",
    ] {
        let (fields, text) = complaints(load(&format!("[ticketing]\nwebhook_allow_private = {wrong}"), &[]));
        assert_eq!(fields, ["ticketing.webhook_allow_private"], "{wrong}: {text}");
    }
}

#[test]
fn events_are_kept_for_ever_or_for_some_days_at_least() {
    assert_eq!(Config::defaults().feed.retention_days, 0);
    let kept = load("[feed]\nretention_days = 7", &[]).expect("valid");
    assert_eq!(kept.feed.retention_days, 7);
    for wrong in ["1", "6", "-1", "40000"] {
        let (fields, text) = complaints(load(&format!("[feed]\nretention_days = {wrong}"), &[]));
        assert_eq!(fields, ["feed.retention_days"], "{text}");
    }
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_line() {
    let (_, text) = complaints(load("listen = \"127.0.0.1:1\"\nlimits = [", &[]));
    assert!(text.contains("is not TOML"), "{text}");
}

#[test]
fn a_missing_file_is_refused() {
    let (_, text) = complaints(Config::load(Some(Path::new("/nowhere/vorrang.toml"))));
    assert!(text.contains("/nowhere/vorrang.toml"), "{text}");
}

#[test]
fn variables_that_are_no_keys_are_left_alone_only_without_a_section() {
    assert!(load("", &[("VORRANG_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin")]).is_ok());
    let (fields, _) = complaints(load("", &[("VORRANG_LIMITS__SPEED", "1")]));
    assert_eq!(fields, ["limits.speed"]);
}

#[test]
fn variables_that_are_almost_a_key_are_mistakes() {
    for (variable, meant) in [
        ("VORRANG_LISTN", "VORRANG_LISTEN"),
        ("VORRANG_DATADIR", "VORRANG_DATA_DIR"),
        ("VORRANG_ADMIN_LISTENS", "VORRANG_ADMIN_LISTEN"),
        ("VORRANG_LOGS", "VORRANG_LOG"),
        ("VORRANG_REDIS_URL", "VORRANG_REDIS__URL"),
        ("VORRANG_LIMITS_MAX_STREAMS", "VORRANG_LIMITS__MAX_STREAMS"),
        ("VORRANG_REDIS__ULR", "VORRANG_REDIS__URL"),
    ] {
        let (fields, text) = complaints(load("", &[(variable, "1")]));
        assert_eq!(fields.len(), 1, "{text}");
        assert!(text.contains(&format!("set by {variable}")), "{text}");
        assert!(text.contains(&format!("did you mean {meant}?")), "{text}");
    }
    let (_, text) = complaints(load("", &[("VORRANG_REDIS", "redis://cache")]));
    assert!(text.contains("VORRANG_REDIS__"), "{text}");
    // What Kubernetes sets for services called vorrang, vorrang-redis and vorrang-ticketing, and what clients read.
    for other in [
        "VORRANG_PORT",
        "VORRANG_PORT_7700_TCP",
        "VORRANG_SERVICE_PORT",
        "VORRANG_REDIS_PORT",
        "VORRANG_REDIS_SERVICE_HOST",
        "VORRANG_TICKETING_SERVICE_PORT",
        "VORRANG_KEY",
        "VORRANG_URL",
        "VORRANG_BIN",
        "VORRANG_ADDRESS",
        "VORRANG_SAMPLES",
        "VORRANG_REDIS_BIN",
    ] {
        assert!(load("", &[(other, "1")]).is_ok(), "{other}");
    }
}

#[test]
fn what_is_nothing_like_a_key_gets_no_hint() {
    for key in ["foo", "bar", "max", "lo_"] {
        let (_, text) = complaints(load(&format!("{key} = 1"), &[]));
        assert_eq!(text.contains("did you mean"), key == "lo_", "{text}");
    }
}

#[test]
fn a_secret_and_its_file_are_not_both_set() {
    let key = "k".repeat(40);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(key.as_bytes()).expect("written");
    let path = file.path().display().to_string();
    let (direct, by_file) = (
        ("VORRANG_SECRETS__CURSOR_KEY", key.as_str()),
        ("VORRANG_SECRETS__CURSOR_KEY_FILE", path.as_str()),
    );
    for both in [[direct, by_file], [by_file, direct]] {
        let (fields, text) = complaints(load("", &both));
        assert_eq!(fields, ["secrets.cursor_key"]);
        assert!(text.contains(direct.0) && text.contains(by_file.0), "{text}");
        assert!(!text.contains(&key), "{text}");
    }
}

#[test]
fn secrets_are_read_from_files() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    writeln!(file, "{}", "k".repeat(40)).expect("written");
    let path = file.path().display().to_string();
    let config = load("", &[("VORRANG_SECRETS__INTERNAL_KEY_FILE", path.as_str())]).expect("valid");
    assert_eq!(config.secrets.internal_key, "k".repeat(40));
    let (fields, text) = complaints(load("", &[("VORRANG_REDIS__URL_FILE", "/nowhere")]));
    assert_eq!(fields, ["redis.url"]);
    assert!(text.contains("VORRANG_REDIS__URL_FILE"), "{text}");
    // Only secrets: anything else in a file is a mistake of the name.
    let (fields, _) = complaints(load("", &[("VORRANG_LIMITS__MAX_STREAMS_FILE", path.as_str())]));
    assert_eq!(fields, ["limits.max_streams_file"]);
}

#[test]
fn secrets_of_digits_only_stay_text() {
    let digits = "1".repeat(40);
    let config = load("", &[("VORRANG_SECRETS__CURSOR_KEY", digits.as_str())]).expect("valid");
    assert_eq!(config.secrets.cursor_key, digits);
}

#[test]
fn printing_hides_secrets_and_passwords() {
    let secret = "s3cr3t".repeat(8);
    let toml = format!(
        "[secrets]\ninternal_key = \"{secret}\"\n\
         [ticketing]\ndatabase_url = \"postgres://vorrang:{secret}@db:5432/tickets\"\n\
         [redis]\nurl = \"redis://:{secret}@cache:6379/0\""
    );
    let config = load(&toml, &[]).expect("valid");
    for text in [config.print(), format!("{config:?}")] {
        assert!(!text.contains("s3cr3t"), "{text}");
        assert!(text.contains("postgres://vorrang:***@db:5432/tickets"), "{text}");
        assert!(text.contains("redis://:***@cache:6379/0"), "{text}");
    }
}

#[test]
fn printing_hides_secrets_of_every_address() {
    let toml = r#"
        [identity]
        database_url = "postgres://db/keys?user=me&sslmode=require&password=s3cr3t&sslrootcert=s3cr3t"
        [ticketing]
        database_url = "postgres://s3cr3t@db/tickets"
        [ingestion]
        database_url = "postgres://me:s3cr3t?s3cr3t@db/contacts"
        [routing]
        database_url = "postgres://me:s3cr3t/s3cr3t@db/x?application_name=a"
        [knowledge]
        database_url = "postgres://me:s3cr3t@db/x?SSLPassword=s3cr3t@s3cr3t"
        [redis]
        url = "rediss://me:s3cr3t@s3cr3t@cache:6379/0"
        [peers]
        ticketing = "http://me:s3cr3t@ticketing:7700"
        routing = "http://routing:7700/?api_key=s3cr3t"
        [telemetry]
        otlp_endpoint = "http://s3cr3t@otel:4317?access_token=s3cr3t"
    "#;
    let config = load(toml, &[]).expect("valid");
    for text in [config.print(), format!("{config:?}")] {
        assert!(!text.contains("s3cr3t"), "{text}");
        for shown in [
            "\"postgres://db/keys?user=me&sslmode=require&password=***\"",
            "\"postgres://***@db/tickets\"",
            "\"postgres://***\"",
            "\"postgres://me:***@db/x?application_name=a\"",
            "\"postgres://me:***@db/x?SSLPassword=***\"",
            "\"rediss://me:***@cache:6379/0\"",
            "\"http://me:***@ticketing:7700\"",
            "\"http://routing:7700/?api_key=***\"",
            "\"http://***@otel:4317?access_token=***\"",
        ] {
            assert!(text.contains(shown), "{shown} is not in {text}");
        }
    }
}

#[test]
fn printing_shows_every_setting_with_its_meaning() {
    let toml = "listen = \"127.0.0.1:1\"\n[limits]\nmax_streams = 7";
    let printed = load(toml, &[]).expect("valid").print();
    for shown in [
        "# Address and port of gRPC, grpc-web and HTTP. Port 0 takes a free one.\nlisten = \"127.0.0.1:1\"\n",
        "# Streams open at once; more are answered RESOURCE_EXHAUSTED.\nmax_streams = 7\n",
        "[analytics]\n# Nothing to set",
    ] {
        assert!(printed.contains(shown), "{shown} is not in {printed}");
    }
    assert!(
        !printed.contains("with its default"),
        "that is another file:\n{printed}"
    );
}

#[test]
fn databases_are_embedded_unless_set() {
    let config = load(
        "data_dir = \"/data\"\n[routing]\ndatabase_url = \"postgres://db/x\"",
        &[],
    )
    .expect("valid");
    assert_eq!(config.database_url("ticketing"), "sqlite:///data/ticketing.db");
    assert!(config.is_embedded("ticketing"));
    assert_eq!(config.database_url("routing"), "postgres://db/x");
    assert!(!config.is_embedded("routing"));
    assert_eq!(config.ingestion_data(), Path::new("/data/ingestion"));
    let (folder, named) = config.ingestion_presets();
    assert_eq!((folder.as_path(), named), (Path::new("/data/ingestion/presets"), false));
    let named = load("[ingestion]\npresets = \"/etc/vorrang/presets\"", &[]).expect("valid");
    let (folder, named) = named.ingestion_presets();
    assert_eq!((folder.as_path(), named), (Path::new("/etc/vorrang/presets"), true));
}

#[test]
fn customers_reach_us_where_we_listen_unless_told_otherwise() {
    let config = load("listen = \"127.0.0.1:7711\"", &[]).expect("valid");
    assert_eq!(config.public_url(), "http://127.0.0.1:7711");
    let public = |url: &str| load(&format!("[ticketing]\npublic_url = \"{url}\""), &[]);
    let config = public("https://example.com/vorrang/").expect("valid");
    assert_eq!(config.public_url(), "https://example.com/vorrang");
    for wrong in [
        "example.com",
        "https://",
        "https://example.com/?a=b",
        "https://example.com/#a",
        "ftp://example.com",
    ] {
        let (fields, text) = complaints(public(wrong));
        assert_eq!(fields, ["ticketing.public_url"], "{wrong}: {text}");
    }
}

#[test]
fn the_admin_address_can_be_switched_off() {
    let config = load("admin_listen = \"\"", &[]).expect("valid");
    assert_eq!(config.admin_listen, None);
    assert!(config.print().contains("admin_listen = \"\""));
}
