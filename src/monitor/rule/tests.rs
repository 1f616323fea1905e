use super::*;

#[test]
fn every_rule_has_its_own_name() {
    for rule in RuleName::ALL {
        assert_eq!(RuleName::from_name(rule.name()), Some(*rule));
    }
    assert_eq!(RuleName::from_name("other"), None);
}

#[test]
fn numbers_are_set_apart_by_thousands() {
    for (of, text) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (3_018_412.0, "3,018,412"), (-3.0, "0")] {
        assert_eq!(number(of), text);
    }
}
