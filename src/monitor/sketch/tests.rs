use super::*;
use crate::monitor::act::hash_of;

#[test]
fn count_is_within_a_fifth_of_the_truth_and_nothing_counts_twice() {
    for many in [0u32, 1, 10, 60, 300, 700, 3_000, 100_000, 1_000_000] {
        let mut sketch = Sketch::default();
        for n in (0..many).chain(0..many.min(1_000)) {
            sketch.add(hash_of(&n));
        }
        let (count, truth) = (sketch.count(), f64::from(many));
        assert!((count - truth).abs() <= 0.2 * truth, "{many}: {count}");
    }
}

#[test]
fn joined_sketches_count_as_one_that_saw_all() {
    let (mut left, mut right, mut both) = (Sketch::default(), Sketch::default(), Sketch::default());
    for n in 0..2_000u32 {
        let hash = hash_of(&n);
        both.add(hash);
        if n % 3 == 0 { left.add(hash) } else { right.add(hash) }
    }
    left.join(&right);
    assert_eq!(left.0, both.0);
}
