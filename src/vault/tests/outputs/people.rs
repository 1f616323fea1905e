//! Records whose values all differ from any others.

use std::collections::BTreeMap;

use crate::record::Mask;
use crate::vault::tests::outputs::*;

pub(in crate::vault::tests) const PERSON: &[&str] = &[
    "nick", "email", "phone", "name", "card", "tax", "note", "diary", "salary", "region", "tags", "contact", "custom",
    "born",
];
pub(in crate::vault::tests) const DOCUMENT: &[&str] = &["a", "b", "c", "d"];

/// A type of record that these tests can make.
pub(in crate::vault::tests) trait Fixture:
    Record + Clone + Debug + PartialEq + 'static
{
    const COLLECTION: &'static str;
    const FIELDS: &'static [&'static str];
    /// Fields that are searched by text; the first is unique.
    const SEARCHED: &'static [&'static str];
    const ATTRIBUTES: &'static [&'static str];

    fn fresh(dice: &mut Dice) -> Self;
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(in crate::vault::tests) enum Contact {
    Mail(String),
    Post { street: String },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(in crate::vault::tests) struct Person {
    nick: String,
    email: Option<String>,
    phone: String,
    name: String,
    card: String,
    tax: String,
    note: String,
    diary: Option<String>,
    salary: u64,
    region: String,
    tags: Vec<String>,
    contact: Option<Contact>,
    custom: BTreeMap<String, String>,
    born: String,
}

impl Record for Person {
    fn schema() -> Schema {
        Schema::new("people")
            .unique("email", Normalizer::Email)
            .index("nick", Normalizer::Text)
            .index("card", Normalizer::Exact)
            .index("region", Normalizer::Text)
            .index_owner()
            .field("email", |f| f.mask(Mask::email()))
            .field("phone", |f| f.mask(Mask::phone()))
            .field("name", |f| f.mask(Mask::name()))
            .field("card", |f| f.mask(Mask::KeepEnds { first: 2, last: 2 }).sensitive())
            .field("tax", |f| f.mask(Mask::last_four()))
            .field("note", |f| f.mask(Mask::Fixed("[hidden]".into())))
            .field("region", |f| f.attribute())
            .field("born", |f| f.mask(Mask::Custom(|text| format!("{} letters", text.len()))))
    }

    fn example() -> Self {
        let text = || "a".to_owned();
        Self {
            nick: text(),
            email: Some("a@x.org".into()),
            phone: "+8613812345678".into(),
            name: text(),
            card: text(),
            tax: text(),
            note: text(),
            diary: Some(text()),
            salary: 1,
            region: text(),
            tags: vec![text()],
            contact: Some(Contact::Post { street: text() }),
            custom: BTreeMap::from([(text(), text())]),
            born: text(),
        }
    }
}

/// Returns letters that occur nowhere else, none of them a hexadecimal digit.
fn word(dice: &mut Dice) -> String {
    (0..24).map(|_| char::from(b'g' + u8::try_from(dice.next() >> 8 & 0xff).unwrap() % 20)).collect()
}

impl Fixture for Person {
    const COLLECTION: &'static str = "people";
    const FIELDS: &'static [&'static str] = PERSON;
    const SEARCHED: &'static [&'static str] = &["email", "nick", "card", "region"];
    const ATTRIBUTES: &'static [&'static str] = &["region"];

    fn fresh(dice: &mut Dice) -> Self {
        let number = dice.next();
        let contact = match number % 3 {
            0 => None,
            1 => Some(Contact::Mail(word(dice))),
            _ => Some(Contact::Post { street: word(dice) }),
        };
        Self {
            nick: word(dice),
            email: Some(format!("q{}@x.org", word(dice))),
            phone: format!("+861{:010}", dice.next() % 10_000_000_000),
            name: format!("Q{} {}", word(dice), word(dice)),
            card: format!("ab{}yz", word(dice)),
            tax: format!("{}1234", word(dice)),
            note: word(dice),
            diary: (!number.is_multiple_of(5)).then(|| word(dice)),
            salary: 1_000_000_000_000_000_000 + dice.next() % 8_000_000_000_000_000_000,
            region: word(dice),
            tags: vec![word(dice), word(dice)],
            contact,
            custom: BTreeMap::from([(word(dice), word(dice))]),
            born: word(dice),
        }
    }
}

/// A document as these tests define it: `a` and `b` are searched; other fields' names are data.
pub(in crate::vault::tests) trait Defined {
    fn defined() -> Schema;
}

impl Defined for Document {
    fn defined() -> Schema {
        Schema::open("papers").unique("a", Normalizer::Text).index("b", Normalizer::Exact)
    }
}

impl Fixture for Document {
    const COLLECTION: &'static str = "papers";
    const FIELDS: &'static [&'static str] = DOCUMENT;
    const SEARCHED: &'static [&'static str] = &["a", "b"];
    const ATTRIBUTES: &'static [&'static str] = &[];

    fn fresh(dice: &mut Dice) -> Self {
        let document = Self::new().with("a", word(dice)).with("b", word(dice)).with("c", word(dice));
        document.with("d", word(dice)).with(format!("name{}", word(dice)), word(dice))
    }
}
