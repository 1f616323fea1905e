use super::*;

fn hierarchy(pairs: &[(&str, &str)]) -> (Hierarchy, Vec<String>) {
    let mut managers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (person, manager) in pairs {
        managers.entry((*person).to_owned()).or_default().insert((*manager).to_owned());
    }
    Hierarchy::new(&managers)
}

#[test]
fn manager_manages_all_below_and_nobody_beside_or_above() {
    let (office, faults) =
        hierarchy(&[("ann", "boss"), ("ben", "boss"), ("cat", "ann"), ("dan", "cat"), ("eve", "head")]);
    assert!(faults.is_empty(), "{faults:?}");
    for (manager, reports) in [
        ("boss", "ann ben cat dan"),
        ("ann", "cat dan"),
        ("cat", "dan"),
        ("dan", ""),
        ("ben", ""),
        ("head", "eve"),
        ("nobody", ""),
    ] {
        let mut found: Vec<&str> = office.reports(manager).iter().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), reports, "{manager}");
        for person in ["boss", "ann", "ben", "cat", "dan", "eve", "head", "nobody"] {
            assert_eq!(office.manages(manager, person), found.contains(&person), "{manager} {person}");
        }
    }
}

#[test]
fn circle_and_two_managers_are_faults_that_name_who() {
    for (pairs, says) in [
        (&[("ann", "ann")] as &[(&str, &str)], "`ann`: who manages them goes round"),
        (&[("ann", "ben"), ("ben", "cat"), ("cat", "ann"), ("eve", "cat")], "`ann`, `ben`, `cat`, `eve`: who"),
        (&[("ann", "ben"), ("ann", "cat")], "`ann` has the managers `ben` and `cat`: keep one"),
        (&[("ann", "")], "has no id"),
    ] {
        let (_, faults) = hierarchy(pairs);
        assert!(faults.iter().any(|fault| fault.contains(says)), "{faults:?}");
    }
}

#[test]
fn chain_of_many_takes_neither_stack_nor_square_memory() {
    let names: Vec<String> = (0..50_000).map(|number| format!("p{number}")).collect();
    let managers = names.windows(2).map(|pair| (pair[1].clone(), BTreeSet::from([pair[0].clone()]))).collect();
    let (chain, faults) = Hierarchy::new(&managers);
    assert!(faults.is_empty() && chain.row.len() == 50_000);
    assert!(chain.manages("p0", "p49999") && !chain.manages("p49999", "p0"));
    assert_eq!(chain.reports("p49990").len(), 9);
}
