//! The records: made-up customers of a given size, the roles that work with them, and cheap random numbers.

use serde::{Deserialize, Serialize};
use strongroom::policy::Roles;
use strongroom::{Actor, Normalizer, Record, Schema};

/// The collection in every vault here.
pub const COLLECTION: &str = "customers";

/// The fields that the role that does the work may read: a list, which leaves one out.
const READABLE: [&str; 7] = ["surname", "given_name", "email", "street", "city", "tier", "note"];

/// The number of surnames: about ten customers share one at 200,000 records.
const SURNAMES: u64 = 20_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    pub surname: String,
    pub given_name: String,
    pub email: String,
    pub phone: Option<String>,
    pub street: String,
    pub city: String,
    pub tier: Option<Tier>,
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Tier {
    Bronze,
    Silver,
    Gold,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new(COLLECTION)
    }

    fn example() -> Self {
        Customer::number(0, 400)
    }
}

/// Returns the schema without an index, or with two: a unique one and one that is not.
pub fn schema(indexes: usize) -> Schema {
    match indexes {
        0 => Customer::schema(),
        _ => Customer::schema().unique("email", Normalizer::Email).index("surname", Normalizer::Text),
    }
}

impl Customer {
    /// Returns the customer of this number: always the same one, `size` bytes long as JSON.
    pub fn number(number: u64, size: usize) -> Self {
        let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
        let mut customer = Self {
            surname: surname(number),
            given_name: word(random.below(3_000), 7),
            email: format!("{}.{number}@example.com", word(random.below(3_000), 6)),
            phone: Some(format!("+61 4{:08}", random.below(100_000_000))),
            street: format!("{} {} street", random.below(400) + 1, word(random.below(50_000), 9)),
            city: word(random.below(2_000), 8),
            tier: Some([Tier::Bronze, Tier::Silver, Tier::Gold][random.below(3) as usize]),
            note: String::new(),
        };
        let length = serde_json::to_string(&customer).map_or(0, |json| json.len());
        while length + customer.note.len() < size {
            customer.note.push_str(&word(random.next(), 7));
            customer.note.push(' ');
        }
        customer.note.truncate(size.saturating_sub(length));
        customer
    }
}

pub fn surname(number: u64) -> String {
    word(number.wrapping_mul(7_919) % SURNAMES, 6)
}

/// Returns a pronounceable word for a number.
fn word(mut number: u64, length: usize) -> String {
    let mut word = String::with_capacity(length + 2);
    while word.len() < length || number > 0 {
        word.push(char::from(b"bdfgklmnprstvwz"[(number % 15) as usize]));
        number /= 15;
        word.push(char::from(b"aeiou"[(number % 5) as usize]));
        number /= 5;
    }
    word
}

pub fn roles() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on(COLLECTION).create().read(READABLE).update(["tier", "note"]))
}

pub fn admin() -> Actor {
    Actor::new("bench-admin").with_role("admin")
}

pub fn sales() -> Actor {
    Actor::new("sales-7").with_role("sales")
}

/// SplitMix64: repeatable, and far cheaper than what is measured.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}
