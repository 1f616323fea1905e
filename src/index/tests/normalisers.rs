use super::*;

fn normaliser(vector: &Value) -> Normaliser {
    match vector["normaliser"].as_str().unwrap() {
        "exact" => Normaliser::Exact,
        "text" => Normaliser::Text,
        "email" => Normaliser::Email,
        "national_id" => Normaliser::NationalId,
        "phone" => Normaliser::Phone { region: vector["region"].as_str().unwrap().as_bytes().try_into().unwrap() },
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
    let file = crate::format::vectors::published("normalisers");
    let vectors = file["vectors"].as_array().unwrap();
    let mut wrong = Vec::new();
    for vector in vectors {
        let normaliser = normaliser(vector);
        if validate(&normaliser) == Err(NormaliserError::PhoneFeature) {
            continue;
        }
        let found = term(&normaliser, &value(vector)).map(|bytes| hex(&bytes));
        if found.as_deref() != vector["term"].as_str() {
            wrong.push(format!("{vector} gave {found:?}"));
        }
    }
    assert!(vectors.len() > 150, "only {} vectors", vectors.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_that_people_hold_equal_are_equal() {
    for (normaliser, a, b) in [
        (&Normaliser::Text, "Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
        (&Normaliser::Text, "Straße", "STRASSE"),
        (&Normaliser::Text, "e\u{301}", "É"),
        (&Normaliser::Text, "Ｔａｎａｋａ", "tanaka"),
        (&Normaliser::Text, " Anna \u{3000} Schmidt", "anna schmidt"),
        (&Normaliser::Email, "Info@Example.com ", "info@example.com"),
        (&Normaliser::NationalId, "ab-12 ۳", "AB123"),
    ] {
        assert_eq!(text(normaliser, a), text(normaliser, b), "{a} {b}");
        assert!(text(normaliser, a).is_some());
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
    .map(|value| normalise(&Normaliser::Exact, value).unwrap().unwrap())
    .collect();
    for (i, a) in terms.iter().enumerate() {
        for (j, b) in terms.iter().enumerate() {
            assert_eq!(a.matches(b), i == j, "{i} {j}");
        }
    }
}

#[test]
fn value_that_normalises_to_nothing_has_no_term() {
    for normaliser in [Normaliser::Exact, Normaliser::Text, Normaliser::Email, Normaliser::NationalId] {
        assert_eq!(text(&normaliser, ""), None, "{normaliser:?}");
    }
    assert_eq!(text(&Normaliser::Text, " \u{3000}\t"), None);
    assert_eq!(text(&Normaliser::NationalId, "-- /"), None);
}

#[test]
fn text_that_grows_and_text_of_a_megabyte_are_no_trouble() {
    assert_eq!(text(&Normaliser::Text, &"ﷺ".repeat(1000)).unwrap().chars().count(), 18_000);
    let marks = format!("a{}", "\u{301}\u{323}".repeat(100_000));
    assert!(text(&Normaliser::Text, &marks).is_some());
    assert_eq!(text(&Normaliser::Email, &" a".repeat(300_000)).unwrap().len(), 300_000);
    let folded = text(&Normaliser::Text, &marks).unwrap();
    assert_eq!(text(&Normaliser::Text, &folded), Some(folded));
}

#[test]
fn every_character_settles_at_once() {
    // Ideographs, syllables of Hangul, private and unassigned characters neither fold nor decompose in odd ways.
    let odd = ('\0'..'\u{3400}').chain('\u{f900}'..'\u{11000}').chain('\u{1d400}'..'\u{1f200}');
    for c in odd {
        let around = format!("a {c}\u{301} {c}");
        for normaliser in [Normaliser::Text, Normaliser::Email, Normaliser::NationalId] {
            let once = text(&normaliser, &around).unwrap();
            assert_eq!(text(&normaliser, &once).as_ref(), Some(&once), "{normaliser:?} {c:?}");
        }
    }
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(value in any::<String>()) {
        for normaliser in [Normaliser::Text, Normaliser::Email, Normaliser::NationalId] {
            let once = text(&normaliser, &value).unwrap_or_default();
            prop_assert_eq!(text(&normaliser, &once).unwrap_or_default(), once);
        }
    }

    #[test]
    fn case_and_blanks_never_tell_texts_apart(value in "[ -~]{0,20}") {
        let changed = format!("  {}\n", value.to_uppercase().replace(' ', "\u{2003} "));
        prop_assert_eq!(text(&Normaliser::Text, &value), text(&Normaliser::Text, &changed));
    }

    #[test]
    fn integers_sort_as_their_terms(a in any::<i128>(), b in any::<i128>()) {
        let [x, y] = [a, b].map(|n| term(&Normaliser::Exact, &IndexValue::Integer(n)));
        prop_assert_eq!(a.cmp(&b), x.cmp(&y));
    }
}
