use super::*;

fn normalizer(vector: &Value) -> Normalizer {
    match vector["normalizer"].as_str().unwrap() {
        "exact" => Normalizer::Exact,
        "text" => Normalizer::Text,
        "email" => Normalizer::Email,
        "national_id" => Normalizer::NationalId,
        "phone" => Normalizer::Phone { region: vector["region"].as_str().unwrap().as_bytes().try_into().unwrap() },
        other => panic!("{other}"),
    }
}

fn value(vector: &Value) -> IndexValue {
    let (kind, value) = vector["value"].as_object().unwrap().iter().next().unwrap();
    let owned = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "text" => IndexValue::Text(owned()),
        "variant" => IndexValue::Text(owned()),
        "integer" => IndexValue::Integer(owned().parse().unwrap()),
        "bool" => IndexValue::Bool(value.as_bool().unwrap()),
        other => panic!("{other}"),
    }
}

#[test]
fn every_vector_gives_its_term() {
    let file = crate::format::vectors::published("normalizers");
    let vectors = file["vectors"].as_array().unwrap();
    let mut wrong = Vec::new();
    for vector in vectors {
        let normalizer = normalizer(vector);
        if validate(&normalizer) == Err(NormalizerError::PhoneFeature) {
            continue;
        }
        let found = term(&normalizer, &value(vector)).map(|bytes| hex(&bytes));
        if found.as_deref() != vector["term"].as_str() {
            wrong.push(format!("{vector} gave {found:?}"));
        }
    }
    assert!(vectors.len() > 150, "only {} vectors", vectors.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_that_people_hold_equal_are_equal() {
    for (normalizer, a, b) in [
        (&Normalizer::Text, "Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
        (&Normalizer::Text, "Straße", "STRASSE"),
        (&Normalizer::Text, "e\u{301}", "É"),
        (&Normalizer::Text, "Ｔａｎａｋａ", "tanaka"),
        (&Normalizer::Text, " Anna \u{3000} Schmidt", "anna schmidt"),
        (&Normalizer::Email, "Info@Example.com ", "info@example.com"),
        (&Normalizer::NationalId, "ab-12 ۳", "AB123"),
    ] {
        assert_eq!(text(normalizer, a), text(normalizer, b), "{a} {b}");
        assert!(text(normalizer, a).is_some());
    }
}

#[test]
fn kinds_of_value_never_meet_under_exact_but_variant_and_text() {
    let terms: Vec<_> = [
        IndexValue::Text("1".to_owned()),
        IndexValue::Text("true".to_owned()),
        IndexValue::Integer(1),
        IndexValue::Integer(-1),
        IndexValue::Bool(true),
        IndexValue::Bool(false),
    ]
    .iter()
    .map(|value| normalize(&Normalizer::Exact, value).unwrap().unwrap())
    .collect();
    for (i, a) in terms.iter().enumerate() {
        for (j, b) in terms.iter().enumerate() {
            assert_eq!(a.matches(b), i == j, "{i} {j}");
        }
    }
}

#[test]
fn value_that_normalizes_to_nothing_has_no_term() {
    for normalizer in [Normalizer::Exact, Normalizer::Text, Normalizer::Email, Normalizer::NationalId] {
        assert_eq!(text(&normalizer, ""), None, "{normalizer:?}");
    }
    assert_eq!(text(&Normalizer::Text, " \u{3000}\t"), None);
    assert_eq!(text(&Normalizer::NationalId, "-- /"), None);
}

#[test]
fn text_that_grows_and_text_of_a_megabyte_are_no_trouble() {
    assert_eq!(text(&Normalizer::Text, &"ﷺ".repeat(1000)).unwrap().chars().count(), 18_000);
    let marks = format!("a{}", "\u{301}\u{323}".repeat(100_000));
    assert!(text(&Normalizer::Text, &marks).is_some());
    assert_eq!(text(&Normalizer::Email, &" a".repeat(300_000)).unwrap().len(), 300_000);
    let folded = text(&Normalizer::Text, &marks).unwrap();
    assert_eq!(text(&Normalizer::Text, &folded), Some(folded));
}

#[test]
fn every_character_settles_at_once() {
    // Ideographs, syllables of Hangul, private and unassigned characters neither fold nor decompose in odd ways.
    let odd = ('\0'..'\u{3400}').chain('\u{f900}'..'\u{11000}').chain('\u{1d400}'..'\u{1f200}');
    for c in odd.step_by(crate::tests::amount(7, 1)) {
        let around = format!("a {c}\u{301} {c}");
        for normalizer in [Normalizer::Text, Normalizer::Email, Normalizer::NationalId] {
            let once = text(&normalizer, &around).unwrap();
            assert_eq!(text(&normalizer, &once).as_ref(), Some(&once), "{normalizer:?} {c:?}");
        }
    }
}

proptest! {
    #[test]
    fn normalizing_twice_is_normalizing_once(value in any::<String>()) {
        for normalizer in [Normalizer::Text, Normalizer::Email, Normalizer::NationalId] {
            let once = text(&normalizer, &value).unwrap_or_default();
            prop_assert_eq!(text(&normalizer, &once).unwrap_or_default(), once);
        }
    }

    #[test]
    fn case_and_blanks_never_tell_texts_apart(value in "[ -~]{0,20}") {
        let changed = format!("  {}\n", value.to_uppercase().replace(' ', "\u{2003} "));
        prop_assert_eq!(text(&Normalizer::Text, &value), text(&Normalizer::Text, &changed));
    }

    #[test]
    fn integers_sort_as_their_terms(a in any::<i128>(), b in any::<i128>()) {
        let [x, y] = [a, b].map(|n| term(&Normalizer::Exact, &IndexValue::Integer(n)));
        prop_assert_eq!(a.cmp(&b), x.cmp(&y));
    }
}
