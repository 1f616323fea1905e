//! The administrator's page.

use super::*;

const PAGE: &str = include_str!("../../../../docs/policies.md");
const ROLES: [&str; 7] = ["sales", "sales_manager", "support", "marketing", "protection", "auditor", "administrator"];

/// The blocks of TOML; to those that aren't whole files, what they take for granted is added.
fn blocks() -> Vec<String> {
    let blocks = PAGE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            if block.contains("version = ") {
                return block.to_owned();
            }
            let roles = ROLES.iter().filter(|role| !block.contains(&format!("[roles.{role}]")));
            let roles: String = roles.map(|role| format!("[roles.{role}]\n")).collect();
            format!("version = 1\n{roles}\n{block}")
        })
        .collect()
}

#[test]
fn every_block_of_the_page_is_a_policy() {
    let blocks = blocks();
    assert!(blocks.len() >= 15, "{}", blocks.len());
    for block in blocks {
        if let Err(error) = PolicyFile::parse(&block) {
            panic!("{error}\nin:\n{block}");
        }
    }
}

#[test]
fn the_mistakes_that_the_page_shows_are_those_that_are_told() {
    let mistaken =
        "version = 1\n\n[[roles.sales.on]]\ncollection = \"customers\"\nraed = [\"name\"]\nacts = [\"exprot\"]\n";
    let error = PolicyFile::read(mistaken, None, "crm.toml").unwrap_err().to_string();
    assert!(PAGE.contains(&error), "{error}");
}

/// The keys of every section, as the reader tells them when one is mistaken.
#[test]
fn every_key_is_on_the_page() {
    for section in [
        "[roles.sales]",
        "[[roles.sales.on]]",
        "[sharing]",
        "[[sharing.rule]]",
        "[[sharing.restrict]]",
        "[owner_grants]",
        "[labels]",
        "[[purpose]]",
        "[[step_up]]",
        "[[row_limit]]",
        "[[working_hours]]",
        "[[dual_control]]",
        "[[require_reason]]",
        "[[forbid]]",
        "[[break_glass]]",
        "",
    ] {
        let error = PolicyFile::parse(&format!("{section}\nqqqqqqqqqqqqqq = 1\n")).unwrap_err();
        let told = error.mistakes().iter().find_map(|m| m.what.split_once("the keys here are ")).unwrap();
        for key in told.1.split(", ") {
            assert!(PAGE.contains(key), "{section}: {key}");
        }
    }
}
