//! Tests of the page and the vectors against the code.

mod records;
pub(crate) mod vectors;

use std::collections::BTreeSet;

use crate::crypto::{Domain, Label};

const PAGE: &str = include_str!("FORMAT.md");

#[test]
fn every_label_and_every_domain_stands_in_the_page() {
    for label in Label::ALL {
        let text = std::str::from_utf8(label.as_bytes()).unwrap();
        let name = text.strip_prefix("strongroom/v1/").unwrap();
        assert!(PAGE.contains(&format!("\n| `{name}` | ")), "label {name}");
    }
    for domain in Domain::ALL {
        let name = std::str::from_utf8(domain.as_bytes()).unwrap();
        assert!(PAGE.contains(&format!("\n| `{name}` | ")), "domain {name}");
    }
}

#[test]
fn every_link_within_the_page_leads_to_a_heading() {
    let headings: BTreeSet<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|heading| heading.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| heading.replace(' ', "-").replace([':', ','], ""))
        .collect();
    let links: Vec<&str> = PAGE.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 20, "{} links", links.len());
    for link in links {
        assert!(headings.contains(link), "{link}");
    }
}
