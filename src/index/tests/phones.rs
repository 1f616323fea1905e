use super::*;

#[test]
fn region_is_two_capitals_of_a_country_with_phones() {
    for region in [b"AU", b"CN", b"US", b"DE", b"GB"] {
        assert_eq!(validate(&Normalizer::Phone { region: *region }), Ok(()));
    }
    for region in [*b"au", *b"XX", *b"ZZ", *b"00", *b"\xff\xfe", *b"A "] {
        let refused = validate(&Normalizer::Phone { region }).unwrap_err();
        assert_eq!(refused, NormalizerError::UnknownRegion { region });
        assert!(refused.to_string().contains("such as `AU`"), "{refused}");
        assert!(normalize(&Normalizer::Phone { region }, &IndexValue::Bool(true)).is_err());
    }
}

#[test]
fn broken_number_never_meets_a_number_or_another_broken_one() {
    let of = |value: &str| term(&AU, &IndexValue::Text(value.to_owned())).unwrap();
    let terms = [of("0412 345 678"), of("0412 345 67"), of("0412 345 6789"), of("call Anna"), of("+")];
    for (i, a) in terms.iter().enumerate() {
        for (j, b) in terms.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    assert_eq!(of("Call  ANNA"), of("call Anna"));
}

#[test]
fn country_code_is_never_read_by_another_country() {
    // The United States' trunk prefix is 1, and German mobile numbers begin with it.
    for region in [b"US", b"AU", b"CN", b"DE", b"IT", b"RU", b"BR"] {
        let number = text(&Normalizer::Phone { region: *region }, "+49 151 23456789");
        assert_eq!(number.as_deref(), Some("+4915123456789"), "{region:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_number_or_text_and_e_164_stays_itself(value in "[0-9+() x#.\\-]{0,30}|[0-9]{1,24}|\\PC{0,40}") {
        for region in [b"AU", b"CN", b"US", b"DE", b"AR", b"BR", b"MX", b"IT", b"RU"] {
            let normalizer = Normalizer::Phone { region: *region };
            if let Some(once) = text(&normalizer, &value) {
                prop_assert_eq!(text(&normalizer, &once), Some(once));
            }
        }
    }
}
