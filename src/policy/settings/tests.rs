use super::*;

fn version(write: impl FnOnce(&mut Settings)) -> PolicyVersion {
    let mut settings = Settings::of("test");
    write(&mut settings);
    settings.version()
}

#[test]
fn settings_that_differ_in_where_a_text_ends_have_other_versions() {
    let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let versions = [
        version(|s| s.list(&list(&["a", "b"]))),
        version(|s| s.list(&list(&["ab"]))),
        version(|s| s.list(&list(&["a1:b"]))),
        version(|s| s.text("a")),
        version(|s| s.number(1)),
        version(|s| s.text("#1")),
        version(|s| {
            s.list(&list(&["a"]));
            s.list(&list(&["b"]));
        }),
        version(|s| {
            s.list(&list(&["a", "b"]));
            s.list(&list(&[]));
        }),
    ];
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
}

#[test]
fn version_is_that_of_the_documented_text() {
    let written = version(|s| {
        s.list(&["é".to_owned(), "b".to_owned()].into());
        s.flag(true);
    });
    assert_eq!(written, PolicyVersion::of("4:test#21:b2:é#1"));
}
