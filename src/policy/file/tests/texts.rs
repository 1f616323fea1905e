//! Any text is an answer; what doesn't change what a file says doesn't change its version, and what does, does.

use proptest::prelude::*;

use super::*;

/// The lines of the CRM's file that say something.
fn lines() -> Vec<&'static str> {
    PolicyFile::CRM.lines().collect()
}

/// A text that is read is a sound policy that reads back as itself; one that is refused is told where in it, and why.
fn read_or_refused(text: &str) {
    match PolicyFile::parse(text) {
        Ok(policy) => {
            policy.check().unwrap();
            assert_eq!(policy.text().as_deref(), Some(text));
            assert_eq!(PolicyFile::parse(text).unwrap().version(), policy.version());
        }
        Err(error) => {
            assert!(!error.mistakes().is_empty(), "{error}");
            let lines = text.split('\n').count();
            for mistake in error.mistakes() {
                assert!(
                    (1..=lines).contains(&mistake.line) && mistake.column > 0 && !mistake.what.is_empty(),
                    "{mistake}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(64, 256)))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        read_or_refused(&text);
    }

    #[test]
    fn any_toml_like_text_is_read_or_refused(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "[", "]", "[[", "]]", "\n", "=", "\"", "'", ".", ",", "{", "}", "version = 1\n", "roles", "on", "1979-05-27",
            "sharing", "true", "-1", "1e9", "é", "\u{0}", "#", "\"a\"", "[roles.a]\n", "[[forbid]]\n", "name", " ",
        ]), 0..60),
    ) {
        read_or_refused(&pieces.concat());
    }

    #[test]
    fn template_with_a_bite_taken_out_is_read_or_refused(from in 0..PolicyFile::CRM.len(), length in 0..40_usize) {
        let bytes = PolicyFile::CRM.as_bytes();
        let rest = &bytes[(from + length).min(bytes.len())..];
        let text = String::from_utf8_lossy(&[&bytes[..from], rest].concat()).into_owned();
        read_or_refused(&text);
    }

    #[test]
    fn template_with_a_byte_changed_is_read_or_refused(at in 0..PolicyFile::CRM.len(), byte in 32..127_u8) {
        let mut bytes = PolicyFile::CRM.as_bytes().to_vec();
        bytes[at] = byte;
        read_or_refused(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn blanks_and_comments_do_not_change_the_version(at in prop::collection::vec(0..1_000_usize, 0..8)) {
        let mut text = lines();
        for at in at {
            text.insert(at % text.len(), if at % 2 == 0 { "  # nothing" } else { "" });
        }
        let again = PolicyFile::parse(&text.join("\n")).unwrap();
        prop_assert_eq!(again.version(), PolicyFile::parse(PolicyFile::CRM).unwrap().version());
    }
}

#[test]
fn every_line_that_can_go_changes_the_version_or_says_nothing() {
    let whole = PolicyFile::parse(PolicyFile::CRM).unwrap().version();
    let lines = lines();
    for (n, line) in lines.iter().enumerate() {
        let rest: Vec<&str> = lines.iter().enumerate().filter(|(at, _)| *at != n).map(|(_, line)| *line).collect();
        let Ok(policy) = PolicyFile::parse(&rest.join("\n")) else { continue };
        let says = !line.trim().is_empty() && !line.starts_with('#');
        // What is private by name is as private without; an empty table says nothing.
        let needless =
            line.ends_with("\"private\"") || line.contains("= \"private\"  ") || line.starts_with("[sharing.");
        if says && !needless {
            assert_ne!(policy.version(), whole, "line {}: {line}", n + 1);
        } else {
            assert_eq!(policy.version(), whole, "line {}: {line}", n + 1);
        }
    }
}

#[test]
fn order_of_keys_and_sections_does_not_change_the_version() {
    let one =
        "version = 1\n[roles.a]\nmay = [\"define\", \"verify\"]\n[roles.b]\n[[row_limit]]\nper_act = 1\nper_hour = 2\n";
    let two =
        "version = 1\n[[row_limit]]\nper_hour = 2\nper_act = 1\n[roles.b]\n[roles.a]\nmay = [\"verify\", \"define\"]\n";
    assert_eq!(PolicyFile::parse(one).unwrap().version(), PolicyFile::parse(two).unwrap().version());
}

#[test]
fn line_ends_of_any_kind_say_the_same() {
    let crlf = PolicyFile::CRM.replace('\n', "\r\n");
    assert_eq!(PolicyFile::parse(&crlf).unwrap().version(), PolicyFile::parse(PolicyFile::CRM).unwrap().version());
    let mistaken = PolicyFile::parse("version = 1\r\n[roles.a]\r\nmey = []\r\n").unwrap_err();
    assert_eq!((mistaken.mistakes()[0].line, mistaken.mistakes()[0].column), (3, 1));
}

#[test]
fn deep_and_long_texts_are_refused_in_bounded_time() {
    for text in [
        format!("version = 1\nroles = {}", "[".repeat(100_000)),
        format!("version = 1\nroles = {}", "{a=".repeat(100_000)),
        format!("version = 1\n[{}]", "a.".repeat(100_000)),
        "[roles.a]\nx = 1\n".repeat(20_000),
        format!("version = 1\n[roles.a]\n{}", (0..50_000).map(|n| format!("k{n} = 1\n")).collect::<String>()),
        format!("version = 1\n[roles.a]\nmay = [{}]", "\"x\",".repeat(100_000)),
    ] {
        let error = PolicyFile::parse(&text).unwrap_err();
        assert!(!error.mistakes().is_empty() && error.mistakes().len() <= 100, "{}", error.mistakes().len());
    }
    let large = "#".repeat(MOST_BYTES + 1);
    assert!(matches!(PolicyFile::parse(&large), Err(PolicyFileError::TooLarge { limit: MOST_BYTES, .. })));
    assert!(PolicyFile::parse(&large[1..]).is_err_and(|error| !error.mistakes().is_empty()));
}
