use super::*;

#[test]
fn every_act_has_a_bit_of_its_own() {
    for one in Action::ALL {
        let set: Acts = [*one].into_iter().collect();
        assert!(Action::ALL.iter().all(|other| set.contains(*other) == (one == other)), "{one}");
        assert_eq!(set.iter().collect::<Vec<_>>(), [*one]);
    }
    assert!(Acts::none().is_empty() && Acts::default().names().is_empty());
}
