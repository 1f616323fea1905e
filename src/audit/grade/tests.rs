use super::*;
use crate::audit::tests::samples::event;

#[test]
fn denials_failures_alerts_and_found_damage_stand_out() {
    let grade = |action, outcome, code| Grade::of(&event(action, outcome, code, |_| ()));
    assert_eq!(grade("read", Outcome::Permitted, ""), Grade::Routine);
    assert_eq!(grade("export", Outcome::Permitted, ""), Grade::Notable);
    assert_eq!(grade("define", Outcome::Permitted, ""), Grade::Notable);
    assert_eq!(grade("read", Outcome::Denied, "no_rule"), Grade::Refused);
    assert_eq!(grade("host_login_failed", Outcome::Permitted, ""), Grade::Refused);
    assert_eq!(grade("read", Outcome::Failed, "damaged"), Grade::Failed);
    assert_eq!(grade("verify", Outcome::Permitted, "intact"), Grade::Notable);
    assert_eq!(grade("verify", Outcome::Permitted, "truncated"), Grade::Alert(Severity::Critical));
    for fine in ["scrub_begun", "scrub_stopped", "scrub_intact", "scrub_unanchored_tail"] {
        assert_eq!(grade("verify", Outcome::Permitted, fine), Grade::Notable);
    }
    for damage in ["scrub_rows_differ", "scrub_rewritten", "scrub_gap", "scrub_truncated"] {
        assert_eq!(grade("verify", Outcome::Permitted, damage), Grade::Alert(Severity::Critical));
    }
    assert_eq!(grade("alert", Outcome::Permitted, "high"), Grade::Alert(Severity::High));
    assert_eq!(grade("alert", Outcome::Failed, "what"), Grade::Alert(Severity::Medium));
}

#[test]
fn graver_is_never_milder_on_any_scale() {
    let alert = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical].map(Grade::Alert);
    let acts = [Grade::Routine, Grade::Notable, Grade::Refused, Grade::Failed];
    for scale in [&acts[..], &alert[..]] {
        for pair in scale.windows(2) {
            assert!(pair[0].syslog() > pair[1].syslog() && pair[0].cef() < pair[1].cef());
            assert!(pair[0].ocsf().0 <= pair[1].ocsf().0);
        }
    }
}
