mod properties;

use serde::Serialize;

use super::parts::HIDDEN;
use super::*;
use crate::format::MAX_BODY;

fn encoded(value: &(impl Serialize + ?Sized)) -> Buffer {
    let mut encoded = Buffer::new(MAX_BODY);
    assert!(msgpack::write(value, MAX_DEPTH, &mut encoded).is_ok());
    encoded
}

/// Returns what the mask makes of a stored value.
fn shown(mask: &Mask, value: &(impl Serialize + ?Sized)) -> String {
    let masked = mask.apply(encoded(value).as_slice()).unwrap().unwrap();
    msgpack::read(PhantomData::<String>, masked.as_slice(), MAX_DEPTH).unwrap()
}

#[track_caller]
fn assert_shown(mask: &Mask, expected: &[(&str, &str)]) {
    for (text, says) in expected {
        assert_eq!(shown(mask, text), *says, "of {text:?}");
    }
}

fn all() -> Vec<Mask> {
    let mut all = vec![Mask::KeepEnds { first: 3, last: 4 }, Mask::KeepLast(usize::MAX)];
    all.extend([Mask::last_four(), Mask::email(), Mask::phone(), Mask::name(), Mask::national_id(), Mask::year()]);
    all.extend([Mask::range(1), Mask::range(10), Mask::range(u64::MAX)]);
    all
}

#[test]
fn masks_show_the_ends_and_never_more_than_two_thirds() {
    assert_shown(&Mask::last_four(), &[("13812345678", "****5678"), ("1234", "****34"), ("1", "****"), ("", "****")]);
    assert_shown(
        &Mask::KeepEnds { first: 3, last: 4 },
        &[("13812345678", "138****5678"), ("1381234567", "13****4567")],
    );
    assert_shown(&Mask::KeepLast(usize::MAX), &[("", "****"), ("日本語文字列", "****語文字列")]);
    assert_shown(&Mask::KeepEnds { first: usize::MAX, last: 1 }, &[("日本語文字列", "日本語****列")]);
}

#[test]
fn email_shows_the_first_character_and_as_much_of_the_domain_as_two_thirds_allow() {
    assert_shown(
        &Mask::email(),
        &[
            ("Anna.Lee@Example.com", "A****@Example.com"),
            (" anna.lee+crm@mail.example.co.uk ", "a****@mail.example.co.uk"),
            ("山田太郎太郎@例え.日本", "山****@例え.日本"),
            ("anna.lee@a-very-long-domain.example", "a****@****.example"),
            ("bob@example.com", "b****@****.com"),
            ("b@example.com", "****@****.com"),
            ("b@i.museum", "****"),
            ("a@b.c", "****@****.c"),
        ],
    );
    for text in [
        "",
        "@",
        "anna",
        "@example.com",
        "anna@",
        "anna@localhost",
        "anna@example.",
        "anna@.com",
        "anna@a..com",
        "anna@@example.com",
        "anna@example.com@x.org",
        "anna lee@example.com",
        "Anna <anna@example.com>",
        "anna@example.com, bob@example.com",
        "anna@10.0.0.1",
        "an\u{0}na@example.com",
    ] {
        assert_eq!(shown(&Mask::email(), text), HIDDEN, "of {text:?}");
    }
}

#[test]
fn phone_shows_its_ends_however_it_is_written_and_little_of_a_short_number() {
    assert_shown(
        &Mask::phone(),
        &[
            ("13812345678", "138****5678"),
            ("138-1234-5678", "138****5678"),
            ("\u{202a}138 1234 5678\u{202c}", "138****5678"),
            ("(202) 555.0143", "20****0143"),
            ("0086 138 1234 5678", "008****5678"),
            ("123456789", "1****6789"),
            ("12345678", "****5678"),
            ("1234567", "****567"),
            ("+86 138 1234 5678", "+86****5678"),
            ("＋86 138 1234 5678", "+86****5678"),
            ("+1 202-555-0143", "+1****0143"),
            ("+7 495 123-45-67", "+7****4567"),
            ("+852 5123 4567", "+852****4567"),
            ("+45 12 34 56 78", "+45****5678"),
            ("+354 123 4567", "+354****567"),
        ],
    );
    for text in [
        "",
        "+",
        "110",
        "10086",
        "123456",
        "+86",
        "+86 110",
        "+290 22345",
        "+1",
        "++86 138 1234 5678",
        "86+13812345678",
        "138 1234 5678 ext 22",
        "13812345678/13987654321",
        "+86 138 1234 5678 9012",
        "1234567890123456",
        "١٣٨١٢٣٤٥٦٧٨",
        "Ann, 13812345678",
        "00112223334445556667",
    ] {
        assert_eq!(shown(&Mask::phone(), text), HIDDEN, "of {text:?}");
    }
}

#[test]
fn name_shows_the_initials_of_its_first_and_last_word() {
    assert_shown(
        &Mask::name(),
        &[
            ("Anna Lee", "A**** L****"),
            ("Lee, Anna Maria", "L**** M****"),
            ("Jean-Luc", "J****"),
            ("王小明", "王****"),
            ("王明", "王****"),
            ("卡尔·马克思", "卡**** 马****"),
            ("김철수", "김****"),
            ("محمد علي", "م**** ع****"),
            ("Ж Жанна", "**** Ж****"),
            ("E\u{301} Al", "**** A****"),
            ("李 明", "**** ****"),
            ("", "****"),
            (" , ", "****"),
            ("X", "****"),
            ("42nd", "****"),
            ("👩‍👩‍👧 (Anna)", "**** ****"),
        ],
    );
}

#[test]
fn national_id_shows_no_character_of_a_birth_date() {
    assert_shown(
        &Mask::national_id(),
        &[
            ("123-45-6789", "****6789"),
            ("1234 5678 9012", "****9012"),
            ("11010519491231002X", "11****X"),
            ("110105194912310021", "11****1"),
            ("11010549123100X", "****0X"),
            ("110105491231002", "****02"),
            ("19811228-9874", "****9874"),
            ("811228+9874", "****9874"),
            ("491231/123", "****23"),
            ("131052-308T", "****8T"),
            ("GODE561231GR8", "****R8"),
            ("GODE561231HDFRRN09", "****09"),
            ("УБ85121512", "****12"),
            ("QQ 12 34 56 C", "****6C"),
            ("A123456(7)", "****67"),
            ("5304218", "****18"),
        ],
    );
    for text in [
        "",
        "123456",
        "19491231",
        "1949-12-31",
        "31.12.1949",
        "1949-12-31 08:30",
        "passport",
        "１２３４５６７８９",
        "1234567890123456789012345",
        "id: 123-45-6789",
    ] {
        assert_eq!(shown(&Mask::national_id(), text), HIDDEN, "of {text:?}");
    }
}

#[test]
fn year_is_shown_of_a_date_and_of_nothing_else() {
    for text in [
        "1990-05-17",
        "19900517",
        "1990-05",
        "1990/5/17",
        "17.05.1990",
        "17/5/1990",
        "5/17/1990",
        "17-05-1990",
        " 1990.05.17 ",
        "1990-05-17T08:30:00Z",
        "1990-05-17 08:30:00.123+02:00",
        "19900517T083000Z",
    ] {
        assert_eq!(shown(&Mask::year(), text), "1990", "of {text:?}");
    }
    for text in [
        "",
        "1990",
        "90-05-17",
        "17.05.90",
        "1990-13-01",
        "1990-05-32",
        "1990-00-01",
        "13/13/1990",
        "19901317",
        "1990-5",
        "1990-05-17-01",
        "1990-05/17",
        "1990-05-1990",
        "01990-05-17",
        "-1990-05-17",
        "1990 05 17",
        "1990年5月17日",
        "1990-05-17 in Bern",
        "1990-05-17T",
        "1990-05T08:30",
        "１９９０-05-17",
        "642902400",
        "May 1990",
    ] {
        assert_eq!(shown(&Mask::year(), text), HIDDEN, "of {text:?}");
    }
}

#[test]
fn range_holds_the_number_and_tells_no_more_than_two_thirds_of_its_digits() {
    assert_shown(
        &Mask::range(10),
        &[
            ("34", "30-39"),
            (" +34 ", "30-39"),
            ("39.99", "30-39"),
            ("7", "0-9"),
            ("-0", "0-9"),
            ("-0.5", "-10 to -1"),
            ("-10.0", "-10 to -1"),
            ("-10.1", "-20 to -11"),
            ("999", "990-999"),
            ("1234", "1200-1299"),
            ("1234567", "1234000-1234999"),
            ("999999999999999999999999999999", "999999999999999999990000000000-999999999999999999999999999999"),
        ],
    );
    assert_shown(&Mask::range(1), &[("34", "30-39")]);
    assert_shown(&Mask::range(15), &[("34", "30-44"), ("-1", "-15 to -1")]);
    let largest = u64::MAX;
    assert_shown(&Mask::range(largest), &[("34", "0-18446744073709551614")]);
    for text in
        ["", "-", "+-3", "3.", ".5", "1,234", "1e3", "0x10", "٣٤", "34 years", "NaN", "1234567890123456789012345678901"]
    {
        assert_eq!(shown(&Mask::range(10), text), HIDDEN, "of {text:?}");
    }
    assert_eq!(shown(&Mask::range(10), &34u8), "30-39");
    assert_eq!(shown(&Mask::range(10), &-34i64), "-40 to -31");
    assert_eq!(shown(&Mask::range(1000), &u64::MAX), "18446744073700000000-18446744073709999999");
    assert_eq!(shown(&Mask::range(10), &39.99f32), "30-39");
    for number in [f64::NAN, f64::INFINITY, f64::MIN, 1e30] {
        assert_eq!(shown(&Mask::range(10), &number), HIDDEN, "of {number}");
    }
}

#[test]
fn mask_on_none_shows_none_and_on_anything_else_fails_without_showing_it() {
    for mask in all() {
        assert!(mask.apply(msgpack::NIL).unwrap().is_none());
        assert!(mask.apply(&[0xc3]).is_err() && mask.apply(&[0x91, 42]).is_err() && mask.apply(&[0xc1]).is_err());
    }
    assert_eq!(Mask::KeepLast(4).apply(&[42]).err(), Some(FieldProblem::WrongType));
    assert_eq!(Mask::email().apply(&[42]).err(), Some(FieldProblem::WrongType));
    assert_eq!(Mask::range(0).apply(&[42]).err(), Some(FieldProblem::Refused));
    assert_eq!(Mask::Custom(|_| panic!("no")).apply(b"\xa1x").err(), Some(FieldProblem::Refused));
}

#[test]
fn fixed_mask_shows_the_same_for_every_value() {
    let mask = Mask::Fixed(Value::Bool(false));
    for encoded in [&[0xc0][..], &[0xc3], b"\xa1x"] {
        assert_eq!(mask.apply(encoded).unwrap().unwrap().as_slice(), [0xc2]);
    }
    assert_eq!(mask.preview("x"), None);
    assert_eq!(Mask::Fixed("hidden".into()).preview("x").as_deref(), Some("hidden"));
}

#[test]
fn mask_is_found_by_the_name_that_a_stored_schema_gives_it() {
    for mask in ["email", "phone", "name", "national id", "year", "range 10", "range 18446744073709551615"] {
        assert_eq!(Mask::from_name(mask).unwrap().description(), mask);
    }
    assert_eq!(Mask::from_name("last four").unwrap().description(), "keep last 4");
    for name in
        ["", "Email", "email ", "range", "range ", "range 0", "range -1", "range +1", "range 1.5", "fixed", "custom"]
    {
        assert!(Mask::from_name(name).is_none(), "{name:?}");
    }
}
