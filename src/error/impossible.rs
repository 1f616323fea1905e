//! The reasons why an act can't be done, whoever asks.

/// A reason why an act can't be done, whoever asks: its arguments don't fit, or the matter is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Impossible {
    /// An answer to a request for approval that is over.
    #[error("this request for approval can't be answered: it was answered before, used, or has expired")]
    RequestOver,
    /// A request for an act that nobody approves for another.
    #[error("this can't be asked for: nobody approves such an act for another")]
    NeverApproved,
    /// A request for an act that the actor may do without approval.
    #[error("this can't be asked for: it needs nobody's approval, so do it outside of the request")]
    NeedsNoApproval,
    /// A request that is valid for no time, or for too long.
    #[error("a request for approval has to be valid for some time, and for 30 days at most")]
    RequestValidity,
    /// A request for two acts at once.
    #[error("one act is asked for at a time: ask for the next by itself")]
    SecondRequest,
    /// An act in the session of a request that was made already.
    #[error("the request for approval was made already, and this session only asks: use another for the act")]
    RequestMade,
    /// A request whose closure did nothing that others approve.
    #[error(
        "nothing was asked for: do the act that others are to approve in the closure, with the session it is given"
    )]
    NothingAsked,
    /// An act that is only asked for.
    #[error("the act is only asked for: it isn't done before others have approved it")]
    OnlyAsked,
    /// Emergency access for no time, or for too long.
    #[error("emergency access has to last for some time, and for 24 hours at most")]
    EmergencyTime,
    /// A second review of an emergency.
    #[error("this emergency was reviewed already")]
    Reviewed,
    /// A review of an emergency that isn't over.
    #[error("this emergency still runs: review it when it is over, or suspend the actor")]
    EmergencyRuns,
    /// A share that would be over at once.
    #[error("the time at which the share is to end is over already")]
    ShareOver,
    /// An act that nobody does about themselves.
    #[error("nobody does this about themselves: ask another administrator")]
    OnOneself,
    /// A judgement of an alert about its judge.
    #[error("nobody judges an alert about themselves: ask somebody else who may")]
    OwnAlert,
    /// A plan for somebody's leaving in which they are the new owner.
    #[error("who leaves can't be the new owner")]
    OwnHeir,
    /// A plan for somebody's leaving whose new owner is suspended.
    #[error("the new owner is suspended: name another one, or reinstate them first")]
    SuspendedOwner,
    /// A batch that was begun too long ago.
    #[error("the batch was begun more than 10 minutes ago: make it anew, with fewer writes if it takes so long")]
    OldBatch,
    /// A second write of a record in one batch.
    #[error("the batch writes this record already: say all that changes in one write, or use a second batch")]
    TwiceInBatch,
    /// Entries that would be kept for no day.
    #[error("entries are kept for a day at least: give a number of days of at least 1")]
    NoDays,
    /// Entries that would be kept for less than six months.
    #[error(
        "fewer than 180 days were asked for, and six months are a common duty: say `Retention::days(n).below_six_months()` \
         if no law asks for more"
    )]
    FewDays,
    /// A journal for which nothing outside of the vault's directory vouches.
    #[error(
        "the entries can't be dropped: nothing outside of the vault's directory vouches for them: attach a sink, or take a \
         head with `session.head`, keep it elsewhere, and bring it with `Retention::days(n).anchored_by(&head)`"
    )]
    NoWitness,
    /// A sink that has taken no head yet.
    #[error(
        "the entries can't be dropped: a sink has taken no head of the journal yet: see `vault.health()`, or bring a head \
         that is kept elsewhere with `Retention::anchored_by`"
    )]
    NoHeadTaken,
    /// Sinks that keep no heads.
    #[error(
        "the entries can't be dropped: no sink keeps the journal's heads (`AuditSink::keeps_heads`): attach one that does, \
         or take a head with `session.head`, keep it elsewhere, and bring it with `Retention::days(n).anchored_by(&head)`"
    )]
    NoHeadKept,
    /// A plan of another vault.
    #[error("the plan is of another vault, or of the journal before a restore: make a new one")]
    ForeignPlan,
    /// A plan that is newer than the vault.
    #[error("the vault was set back since the plan was made: make a new one")]
    SetBack,
    /// A host event whose name isn't one.
    #[error("a host event needs a name of 1 to 64 of the letters a to z, digits and _")]
    EventName,
    /// A cursor of another journal.
    #[error("the journal cursor is of another journal: ask again from the beginning")]
    ForeignCursor,
    /// A cursor of a question in the other direction.
    #[error("the journal cursor is of a question in the other direction: ask as for the page before")]
    TurnedCursor,
    /// A text that is no cursor.
    #[error("the text is no journal cursor: give the one that `JournalCursor` was written as")]
    CursorText,
    /// A text that is no pseudonym.
    #[error("a data subject is named by its pseudonym: see `Metadata::pseudonym`, `Subject::pseudonym`")]
    NoPseudonym,
    /// A question about a record that was asked of the vault's own journal.
    #[error("the vault's own journal names no records: ask the tenant's")]
    RecordOfVault,
    /// Times that end before they begin.
    #[error("the times end before they begin: give `between` the earlier one first")]
    TurnedTimes,
    /// Heads in the wrong order.
    #[error("the older head covers more blocks than the newer one: swap them")]
    TurnedHeads,
    /// An entry that isn't there.
    #[error(
        "there is no entry at this position and index among these entries, or it was dropped: take both from an event, and \
         show a tenant's from the tenant"
    )]
    NoEntry,
    /// An entry of a tenant that can't be opened.
    #[error("the entry's tenant can't be opened: see `vault.health()`")]
    UnreadTenant,
    /// A second scrub at once.
    #[error(
        "another scrub of the vault is under way; `vault.health().scrub` says how far. Wait for it, or stop it first"
    )]
    SecondScrub,
    /// A scrub whose thread panicked.
    #[error("the scrub's thread panicked, maybe over what it was reading; `verify` may tell more")]
    ScrubPanicked,
    /// A watch over a vault that doesn't have the monitor's sink.
    #[error("no vault has the monitor's sink: open it with `.sink(monitor.sink())`, then watch it")]
    NoSink,
    /// A second vault for one monitor.
    #[error("a monitor watches one vault: make another one")]
    SecondWatch,
    /// Feedback to a monitor that watches nothing.
    #[error("the monitor watches no vault: call `monitor.watch(&vault)` first")]
    NoWatch,
    /// Feedback on an alert that isn't among the latest.
    #[error("no alert of this id is among the latest ones: see `monitor.latest()`")]
    NoAlert,
}
