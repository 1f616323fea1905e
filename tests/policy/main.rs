//! Every case in `cases.md`, asked of the policy that its section names. The page says how to read it.

mod page;
mod world;

use libtest_mimic::{Arguments, Failed, Trial};
use strongroom::policy::{AccessPolicy, PolicyFile};

use page::{Page, Section};
use world::{Codes, World};

/// The page has at least so many cases.
const CASES: usize = 120;
/// Of which so many are asked in Cedar too.
const CEDAR_CASES: usize = 60;

/// A policy, or why there is none.
type Loaded = Result<Box<dyn AccessPolicy>, String>;

fn main() {
    let arguments = Arguments::from_args();
    let page: &'static Page = Box::leak(Box::new(Page::parse(include_str!("cases.md"))));
    let world: &'static World = Box::leak(Box::new(World::new(page)));
    let mut trials = vec![
        Trial::test("page_has_its_cases_and_no_two_of_a_name", || counts(page)),
        Trial::test("every_person_and_thing_of_the_page_is_in_a_case", || world.idle(page)),
    ];
    for section in &page.sections {
        let mut ask = |title: &str, policy: Loaded, codes| {
            let policy: &'static Loaded = Box::leak(Box::new(policy));
            trials.extend(section.rows.iter().map(|row| {
                Trial::test(format!("{title}: {}", row.cell("case")), move || match policy {
                    Ok(policy) => world.check(policy, row, codes),
                    Err(why) => Err(why.into()),
                })
            }));
        };
        ask(&section.title, load(section), Codes::All);
        #[cfg(feature = "cedar")]
        if let Some(text) = &section.cedar {
            ask(&format!("{}, in Cedar", section.title), cedar(text), Codes::OfForbids);
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn load(section: &Section) -> Loaded {
    let policy = PolicyFile::parse(&section.policy()?).map_err(|error| error.to_string())?;
    Ok(Box::new(policy))
}

#[cfg(feature = "cedar")]
fn cedar(text: &str) -> Loaded {
    use std::error::Error;
    let policy = strongroom::policy::Cedar::new(text);
    let policy =
        policy.map_err(|error| format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default()))?;
    Ok(Box::new(policy))
}

fn counts(page: &Page) -> Result<(), Failed> {
    let rows =
        page.sections.iter().flat_map(|section| section.rows.iter().map(|row| (&section.title, row.cell("case"))));
    let mut names: Vec<_> = rows.collect();
    let all = names.len();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    let cedar: usize =
        page.sections.iter().filter(|section| section.cedar.is_some()).map(|section| section.rows.len()).sum();
    println!("{all} cases, {cedar} of them in Cedar too");
    if all < CASES || cedar < CEDAR_CASES || !twice.is_empty() {
        return Err(format!("{all} cases, {cedar} in Cedar; twice: {twice:?}").into());
    }
    Ok(())
}
