use super::*;

fn set(names: &str) -> FieldSet {
    names.split_whitespace().collect()
}

#[test]
fn order_and_repetition_of_names_do_not_matter() {
    assert_eq!(set("b a b"), set("a b"));
    assert_eq!(set(""), FieldSet::none());
    assert!(set("").is_empty() && !set("a").is_empty() && !FieldSet::All.is_empty());
    assert_eq!(format!("{:?}", set("b a")), r#"Only({"a", "b"})"#);
}

#[test]
fn set_holds_its_names_and_no_others() {
    let names = set("tier email name phone owner");
    for name in ["tier", "email", "name", "phone", "owner"] {
        assert!(names.contains(name), "{name}");
    }
    for name in ["", "Tier", "nam", "names", "zip"] {
        assert!(!names.contains(name), "{name}");
    }
    assert!(FieldSet::All.contains("anything") && !FieldSet::none().contains(""));
}

#[test]
fn union_intersection_and_subset_agree_with_each_other() {
    let sets = [FieldSet::All, set(""), set("a"), set("b"), set("a b"), set("b c d"), set("a c")];
    for a in &sets {
        for b in &sets {
            let (both, either) = (a.intersection(b), a.union(b));
            for name in ["a", "b", "c", "d", "e"] {
                assert_eq!(both.contains(name), a.contains(name) && b.contains(name), "{a:?} {b:?} {name}");
                assert_eq!(either.contains(name), a.contains(name) || b.contains(name), "{a:?} {b:?} {name}");
            }
            assert_eq!(a.is_subset(b), &both == a, "{a:?} {b:?}");
            assert_eq!(a.is_subset(b), &either == b, "{a:?} {b:?}");
        }
    }
}
