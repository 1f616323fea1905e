//! The masks that are each for one kind of data, and their names in a configuration file.

use super::super::FieldProblem;
use super::parts::HIDDEN;
use super::{Mask, contact, person, range, year};

/// The kind of data that a mask is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskKind(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Phone,
    Name,
    NationalId,
    Year,
    Range(u64),
}

impl MaskKind {
    pub(super) fn description(self) -> String {
        match self.0 {
            Kind::Email => "email".to_owned(),
            Kind::Phone => "phone".to_owned(),
            Kind::Name => "name".to_owned(),
            Kind::NationalId => "national id".to_owned(),
            Kind::Year => "year".to_owned(),
            Kind::Range(step) => format!("range {step}"),
        }
    }

    pub(super) fn shown(self, text: &str) -> Result<String, FieldProblem> {
        Ok(match self.0 {
            Kind::Email => contact::email(text),
            Kind::Phone => contact::phone(text),
            Kind::Name => person::name(text),
            Kind::NationalId => person::national_id(text),
            Kind::Year => year::of(text).unwrap_or(HIDDEN).to_owned(),
            Kind::Range(step) => range::of(range::Number::Text(text), step)?,
        })
    }
}

impl Mask {
    /// Shows the last four characters, as [`KeepLast`](Self::KeepLast) shows them: of a text of five, three.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::last_four();
    /// assert_eq!(mask.preview("DE89370400440532013000").as_deref(), Some("****3000"));
    /// assert_eq!(mask.preview("12345").as_deref(), Some("****345"));
    /// ```
    #[must_use]
    pub const fn last_four() -> Self {
        Self::KeepLast(4)
    }

    /// Shows of an e-mail address the first character before the `@`, and the domain. Where that is
    /// more than two thirds of the address, there is little before the `@` to hide, so only the domain's last label shows.
    ///
    /// A sole character before the `@` isn't shown. A text is an address if it has one `@`, no blanks, and behind the `@`
    /// a domain of at least two labels of which the last isn't a number. A domain of a person's own tells whose it is.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::email();
    /// assert_eq!(mask.preview("Anna.Lee@Example.com").as_deref(), Some("A****@Example.com"));
    /// assert_eq!(mask.preview("bob@example.com").as_deref(), Some("b****@****.com"));
    /// assert_eq!(mask.preview("ask Bob").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn email() -> Self {
        Self::Kind(MaskKind(Kind::Email))
    }

    /// Shows of a phone number the first three and last four digits, however it is written, or, if it starts with `+`,
    /// the country code and the last four.
    ///
    /// At least four digits stay hidden, besides the country code, so shorter numbers show less at the start. Numbers of
    /// fewer than seven digits, such as `110`, show nothing, nor does a text with anything else in it (letters, an
    /// extension, a second number): more than 15 digits, the most a number has (ITU-T E.164), or 19 from a `0`, with
    /// which the codes start that are dialled to leave a country. Digits are `0` to `9`.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::phone();
    /// assert_eq!(mask.preview("138 1234 5678").as_deref(), Some("138****5678"));
    /// assert_eq!(mask.preview("(202) 555-0143").as_deref(), Some("20****0143"));
    /// assert_eq!(mask.preview("+86 138 1234 5678").as_deref(), Some("+86****5678"));
    /// assert_eq!(mask.preview("555-0143").as_deref(), Some("****143"));
    /// assert_eq!(mask.preview("110").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn phone() -> Self {
        Self::Kind(MaskKind(Kind::Phone))
    }

    /// Shows of a person's name the first letter of its first and of its last word. The number of words between them
    /// isn't shown.
    ///
    /// Of a word with a single letter nothing is. Words are parted by blanks, commas and middle dots.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::name();
    /// assert_eq!(mask.preview("Anna Lee").as_deref(), Some("A**** L****"));
    /// assert_eq!(mask.preview("Juan Carlos de la Cruz").as_deref(), Some("J**** C****"));
    /// assert_eq!(mask.preview("王小明").as_deref(), Some("王****"));
    /// assert_eq!(mask.preview("X").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn name() -> Self {
        Self::Kind(MaskKind(Kind::Name))
    }

    /// Shows of a number that a state gives a person as little of its end as is never part of a birth date, and no more
    /// than is usually printed.
    ///
    /// | letters and digits | for example | shown |
    /// |---|---|---|
    /// | 9 to 17 digits, but 15 | US social security, Aadhaar, most national ids | the last four |
    /// | 18 digits, or 17 and `X` | Chinese resident id | the province (first two) and the check character |
    /// | 15 digits, or written with `/` | the older Chinese id, French INSEE number, Czech and Slovak numbers | the last two |
    /// | 7 to 24 with letters, 7 digits | UK national insurance, CURP, RFC, codice fiscale | the last two |
    /// | fewer, more, letters alone, or 8 digits, which may be a date | | nothing |
    ///
    /// Blanks and `- . / ( ) +` between them don't count; a text with anything else in it isn't shown. In some countries
    /// the digits at the end tell a person's sex or century. Czech and Slovak numbers of nine digits (before 1954) are
    /// told apart by their `/` alone: without it, the day's last digit shows.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::national_id();
    /// assert_eq!(mask.preview("123-45-6789").as_deref(), Some("****6789"));
    /// assert_eq!(mask.preview("11010519491231002X").as_deref(), Some("11****X"));
    /// assert_eq!(mask.preview("QQ 12 34 56 C").as_deref(), Some("****6C"));
    /// assert_eq!(mask.preview("1949-12-31").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn national_id() -> Self {
        Self::Kind(MaskKind(Kind::NationalId))
    }

    /// Shows the year of a date.
    ///
    /// A date is `YYYY-MM-DD`, `YYYYMMDD` or `YYYY-MM` (ISO 8601), or year, month and day, or the reverse, or month, day
    /// and year, with `-`, `.` or `/` between them, and the year in four digits. A time may follow after a `T` or a blank.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::year();
    /// assert_eq!(mask.preview("1990-05-17").as_deref(), Some("1990"));
    /// assert_eq!(mask.preview("1990-05-17T08:30:00Z").as_deref(), Some("1990"));
    /// assert_eq!(mask.preview("17.5.1990").as_deref(), Some("1990"));
    /// assert_eq!(mask.preview("in May 1990").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn year() -> Self {
        Self::Kind(MaskKind(Kind::Year))
    }

    /// Shows the range of `step` numbers that a number is in: those from a multiple of the step to just before the
    /// next.
    ///
    /// A fraction is rounded down first. A range is never so narrow that it tells more than two thirds of the digits: where
    /// the step would, the next power of ten that doesn't is taken for it. With a step of 0 `define` refuses the schema.
    ///
    /// The mask acts on numbers and on text that is a number, with a sign, a point and a fraction if need be, but
    /// nothing else, and at most 30 digits before the point. It always shows text, since a number in a number's place
    /// would pass for a real one. So the field must be able to hold text: a `String`, a [`Value`](super::Value), or an
    /// enum of your own with `#[serde(untagged)]`. `define` refuses others.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// assert_eq!(Mask::range(10).preview("34").as_deref(), Some("30-39"));
    /// assert_eq!(Mask::range(1000).preview("85249.90").as_deref(), Some("85000-85999"));
    /// assert_eq!(Mask::range(10).preview("85249.90").as_deref(), Some("85200-85299"));
    /// assert_eq!(Mask::range(50).preview("-12").as_deref(), Some("-50 to -1"));
    /// assert_eq!(Mask::range(10).preview("about 34").as_deref(), Some("****"));
    /// ```
    #[must_use]
    pub const fn range(step: u64) -> Self {
        Self::Kind(MaskKind(Kind::Range(step)))
    }

    /// Returns the mask that a configuration file calls so: `last four`, `email`, `phone`, `name`, `national id`,
    /// `year`, or `range` and its step, as in `range 10`. Nothing else is one: neither another case nor a blank more.
    ///
    /// ```
    /// # use strongroom::Mask;
    /// let mask = Mask::from_name("range 10").ok_or("no such mask")?;
    /// assert_eq!(mask.preview("34").as_deref(), Some("30-39"));
    /// assert!(Mask::from_name("range 0").is_none());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "last four" => Self::last_four(),
            "email" => Self::email(),
            "phone" => Self::phone(),
            "name" => Self::name(),
            "national id" => Self::national_id(),
            "year" => Self::year(),
            _ => {
                let step = name.strip_prefix("range ").filter(|step| step.starts_with(|c: char| c.is_ascii_digit()))?;
                Self::range(step.parse().ok().filter(|step| *step > 0)?)
            }
        })
    }

    /// Returns the step of a range.
    pub(in crate::record) const fn step(&self) -> Option<u64> {
        if let Self::Kind(MaskKind(Kind::Range(step))) = self { Some(*step) } else { None }
    }
}
