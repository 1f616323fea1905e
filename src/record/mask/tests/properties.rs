//! Over random texts and numbers: nothing but what may be shown, and of the rest not even its length.

use proptest::prelude::*;

use super::*;

/// Makes texts of every kind, and texts near them.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "[0-9 +./-]{0,24}",
        "[a-z王é\u{301} ·,]{0,16}",
        "[a-zé.]{0,12}@[a-z0-9-]{1,8}(\\.[a-z0-9]{1,6}){0,3}",
        "\\+?[0-9]{1,3}([ -]?[0-9]{2,4}){1,5}",
        "[0-9]{6,20}[X0-9]",
        "[A-Z]{0,4}[0-9]{6,9}[A-Z0-9]{0,8}",
        "[0-9]{1,4}[-/.]?[0-9]{1,2}[-/.]?[0-9]{1,4}([T ][0-9:.Z+-]{0,12})?",
    ]
}

/// Returns the characters of the output that aren't the mask's own.
fn characters(output: &str) -> Vec<char> {
    output.replace(HIDDEN, "").chars().filter(|c| *c != ' ').collect()
}

fn in_order(characters: &[char], text: &str) -> bool {
    let mut of_text = text.chars().map(|c| if c == '＋' { '+' } else { c });
    characters.iter().all(|wanted| of_text.any(|c| c == *wanted))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(crate::tests::amount(500, 3_000)) })]

    #[test]
    fn no_mask_shows_what_is_not_in_the_text_nor_more_than_two_thirds_of_it(text in texts()) {
        for mask in all() {
            let output = shown(&mask, &text);
            prop_assert_eq!(mask.preview(&text), Some(output.clone()));
            if mask.step().is_some() {
                continue;
            }
            let characters = characters(&output);
            prop_assert!(in_order(&characters, &text), "{:?}: {:?} of {:?}", mask, output, text);
            prop_assert!(characters.len() * 3 <= text.chars().count() * 2, "{:?}: {:?} of {:?}", mask, output, text);
            prop_assert!(output.contains(HIDDEN) || mask.description() == "year", "{:?}: {:?}", mask, output);
            prop_assert!(output.chars().count() <= text.chars().count() + 9);
        }
    }

    #[test]
    fn what_is_hidden_leaves_no_trace_not_even_its_length(
        local in "[a-z0-9._-]{30,60}",
        digits in "[0-9]{10}",
        kept in 4usize..=8,
        letters in "\\p{Lu}\\p{L}{1,20}",
        middle in "( [\\p{L}']{1,12}){0,4}",
        born in (1u32..=12, 1u32..=28),
        time in prop_oneof![Just(String::new()), "T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|\\+0[0-9]:00)"],
        any_text in any::<String>(),
    ) {
        let hidden = &digits[..kept];
        let (month, day) = born;
        for (mask, text, expected) in [
            (Mask::last_four(), format!("xx{any_text}5678"), "****5678"),
            (Mask::KeepEnds { first: 3, last: 4 }, format!("138xxxx{any_text}5678"), "138****5678"),
            (Mask::email(), format!("A{local}@Example.com"), "A****@Example.com"),
            (Mask::phone(), format!("138{hidden}5678"), "138****5678"),
            (Mask::phone(), format!("+86 {hidden} 5678"), "+86****5678"),
            (Mask::name(), format!("A{letters}{middle} L{letters}"), "A**** L****"),
            (Mask::national_id(), format!("{}{hidden}6789", &digits[..2]), "****6789"),
            (Mask::national_id(), format!("11{digits}{}X", &digits[..5]), "11****X"),
            (Mask::year(), format!("1990-{month:02}-{day:02}{time}"), "1990"),
            (Mask::year(), format!("{day}.{month}.1990"), "1990"),
        ] {
            prop_assert_eq!(shown(&mask, &text), expected, "{:?} of {:?}", mask, text);
        }
    }

    #[test]
    fn range_is_the_same_for_all_numbers_in_it_and_wide_enough(number in any::<i64>(), shift in 0u32..63, step in 1u64..5_000) {
        let number = number >> shift;
        let mask = Mask::range(step);
        let output = shown(&mask, &number);
        prop_assert_eq!(&output, &shown(&mask, &number.to_string()));
        prop_assert_eq!(&output, &shown(&mask, &format!("{number}.0")));
        let separator = if output.contains(" to ") { " to " } else { "-" };
        let (low, high) = output.split_once(separator).unwrap();
        let (low, high): (i128, i128) = (low.parse().unwrap(), high.parse().unwrap());
        prop_assert!(low <= number.into() && i128::from(number) <= high);
        let digits = number.unsigned_abs().to_string().len();
        let told = digits * 2 / 3;
        let width = 10i128.pow((digits - told) as u32);
        prop_assert_eq!(high - low + 1, width.max(step.into()));
        // Numbers with as many digits fall into the same range.
        for other in [low, high] {
            if other.unsigned_abs().to_string().len() == digits {
                prop_assert_eq!(&output, &shown(&mask, &other.to_string()));
            }
        }
    }
}
