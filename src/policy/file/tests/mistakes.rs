//! A table of mistaken files, and what is said of each.

use super::*;

/// After `version = 1`, `[roles.a]` and `[roles.b]`, which are lines 1 to 3: the file from line 4 on, and `line:column: what`
/// of each mistake.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("[rolse.c]", &[
        "4:2: `rolse` isn't a key here: did you mean `roles`?",
    ]),
    ("zzz = 1", &[
        "4:1: `zzz` isn't a key here: the keys here are `inherits`, `may`, `on`",
    ]),
    ("[roles.c]\nmay = \"exprt\"", &[
        "5:7: there is no act `exprt`: did you mean `export`?",
    ]),
    ("[roles.c]\nmay = [\"export\"]", &[
        "5:8: `export` doesn't stand in `may`: it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `acts`",
    ]),
    ("[roles.c]\nmay = [\"read\", \"unmask\", \"create_vault\"]", &[
        "5:8: `read` doesn't stand in `may`: it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `create`, `read` or `update`",
        "5:16: `unmask` doesn't stand in `may`: it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `unmask`",
        "5:26: `create_vault` doesn't stand in `may`: no policy is asked about it: leave it out",
    ]),
    ("[roles.c]\nmay = []", &[
        "5:7: this list is empty: name something in it, or leave the key out",
    ]),
    ("[roles.c]\nmay = 7", &[
        "5:7: this is a number: write a text in quotes, or a list of such texts",
    ]),
    ("[roles.c]\nmay = [\"define\", 7, \"define\"]", &[
        "5:18: this is a number: write a text in quotes",
        "5:21: `define` is in this list twice: say it once",
    ]),
    ("[roles.c]\nmay = [\"q\"]", &[
        "5:8: there is no act `q`: the acts are `create`, `read`, `update`, `delete`, `list`, `search`, `count`, `export`, `unmask`, `share`, `transfer`, `erase`, `hold`, `approve`, `break_glass`, `create_vault`, `create_tenant`, `define`, `verify`, `change_policy`, `backup`, `restore`, `rotate_keys`, `read_journal`, `suspend`, `review_access`, `review_emergency`, `freeze`, `retain`",
    ]),
    ("[roles.c]\ninherits = \"aa\"\n[roles.aaa]", &[
        "5:12: there is no role `aa`: did you mean `aaa`?",
    ]),
    ("[roles.c]\ninherits = [\"c\"]", &[
        "5:13: `c` can't inherit itself: leave it out",
    ]),
    ("[roles.c]\ninherits = \"d\"\n[roles.d]\ninherits = \"c\"", &[
        "4:8: role `c` inherits `d`, which inherits `c` again: take one of them out of the circle",
    ]),
    ("[roles.c]\ninherit = [\"a\"]", &[
        "5:1: `inherit` isn't a key here: did you mean `inherits`?",
    ]),
    ("[roles]\nc = 1", &[
        "5:5: this is a number: write a table",
    ]),
    ("[roles.\"\"]", &[
        "4:8: this name is empty: name it",
    ]),
    ("[roles.a]", &[
        "4:8: duplicate key",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"", &[
        "4:1: this grant allows nothing: say what, such as `read = [\"name\"]` or `acts = [\"export\"]`",
    ]),
    ("[[roles.c.on]]\nread = \"all\"", &[
        "4:1: `collection` is missing: say it, such as `collection = \"customers\"`",
    ]),
    ("[[roles.c.on]]\ncollection = [\"*\", \"customers\"]\nread = \"all\"", &[
        "5:15: `*` is every collection: say it alone, or name some",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nread = [\"name\", \"\"]", &[
        "6:17: this text is empty: write a name, or leave it out",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nread = []", &[
        "6:8: this list is empty: name something in it, or leave the key out",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nread = \"name\"", &[
        "6:8: this is a text: write `\"all\"`, or a list of fields",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nread = true", &[
        "6:8: this is true or false: write `\"all\"`, or a list of fields",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\ncreate = 1", &[
        "6:10: this is a number: write `\"all\"`, or a list of fields",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nunmask = \"all\"", &[
        "6:10: name the fields to unmask, such as `[\"iban\"]`: there is no `all`",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nacts = [\"read\", \"define\", \"update\", \"create\", \"unmask\"]", &[
        "6:9: `read` doesn't stand in `acts`: write `read = [\"name\"]`, or `read = \"all\"`: it allows to list, search and count as well",
        "6:17: `define` doesn't stand in `acts`: it isn't done to records, so it stands under the role: `may = [..]`",
        "6:27: `update` doesn't stand in `acts`: write `update = [\"name\"]`, or `update = \"all\"`",
        "6:37: `create` doesn't stand in `acts`: write `create = true`, or the fields: `create = [\"name\"]`",
        "6:47: `unmask` doesn't stand in `acts`: write `unmask = [\"iban\"]`",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nread = \"all\"\nown_only = \"yes\"", &[
        "7:12: this is a text: write `true` or `false`",
    ]),
    ("[[roles.c.on]]\ncollections = [\"customers\"]\nread = \"all\"", &[
        "4:1: `collection` is missing: say it, such as `collection = \"customers\"`",
        "5:1: `collections` isn't a key here: did you mean `collection`?",
    ]),
    ("[separate]\nx = [\"a\"]", &[
        "5:5: two roles or more are kept apart: name another",
    ]),
    ("[separate]\nx = [\"a\", \"bb\"]", &[
        "5:11: there is no role `bb`: did you mean `b`?",
    ]),
    ("[separate]\nx = [\"a\", \"b\"]\n[roles.c]\ninherits = [\"a\", \"b\"]", &[
        "6:8: role `c` unites `a` and `b`, which `separate` keeps apart: inherit one of them at most",
    ]),
    ("[sharing.default]\ncustomers = \"publik read\"", &[
        "5:13: there is no default `publik read`: did you mean `public read`?",
    ]),
    ("[sharing.default]\ncustomers = true", &[
        "5:13: this is true or false: write a text in quotes",
    ]),
    ("[sharing.managers]\nann = \"ben\"\nben = \"ann\"", &[
        "5:1: `ann`, `ben`: who manages them goes round in a circle: somebody at its top has no manager",
    ]),
    ("[sharing.groups]\nnorth = []", &[
        "5:9: this list is empty: name something in it, or leave the key out",
    ]),
    ("[[sharing.rule]]\ncollection = \"customers\"", &[
        "4:1: `allow` is missing: say it, such as `allow = \"read\"`",
        "4:1: `name` is missing: say it, such as `name = \"the north's customers\"`",
        "4:1: `to_group` is missing: say it, such as `to_group = \"south\"`, `to_role = \"support\"` or `to_actor = \"sales-7\"`",
        "4:1: it isn't said which records: say it, such as `labelled = \"vip\"`, or `all_records = true` for all of them",
    ]),
    ("[[sharing.rule]]\nname = \"x\"\ncollection = \"customers\"\nall_records = true\nlabelled = \"vip\"\nto_group = \"nort\"\nallow = \"rite\"\n[sharing.groups]\nnorth = [\"ann\"]", &[
        "4:1: this is about all records and about some: take `all_records` away, or the rest",
        "9:12: there is no group `nort`: did you mean `north`?",
        "10:9: a rule can't allow `rite`: did you mean `write`?",
    ]),
    ("[[sharing.rule]]\nname = \"x\"\ncollection = \"customers\"\nattribute = { tier = 7 }\nto_role = \"sals\"\nallow = \"read\"", &[
        "7:22: this is a number: write a text in quotes",
        "8:11: there is no role `sals`: define it with `[roles.<name>]`, with nothing below it if it is only a mark",
    ]),
    ("[[sharing.restrict]]\nname = \"x\"\ncollection = \"customers\"\nall_records = true\n[[sharing.restrict]]\nname = \"x\"\ncollection = \"customers\"\nall_records = true", &[
        "9:8: the name `x` is used twice: give each rule its own",
    ]),
    ("[[sharing.restrict]]\nname = \"x\"\ncollection = \"customers\"\nexcept_group = \"legal\"\nall_records = true", &[
        "7:16: there is no group `legal`: list its members under `[sharing.groups]`",
    ]),
    ("[[sharing.rule]]\nname = \"x\"\ncollection = \"customers\"\nowned_by_group = \"north\"\nto_role = \"a\"\nallow = \"read\"", &[
        "7:18: there is no group `north`: list its members under `[sharing.groups]`",
    ]),
    ("sharing = 1", &[
        "4:1: `sharing` isn't a key here: the keys here are `inherits`, `may`, `on`",
    ]),
    ("[owner_grants]\ncollection = \"*\"", &[
        "5:14: `owner_grants` is for some collections: name them instead of `*`",
    ]),
    ("[owner_grants]", &[
        "4:1: it holds nowhere: say `collection = \"customers\"`",
    ]),
    ("[labels]\nlevels = [\"secret\"]", &[
        "5:10: two or more levels are needed, each said once, the lowest first: say `levels = [\"internal\", \"secret\"]`",
    ]),
    ("[labels]\nlevels = [\"internal\", \"secret\"]\nunlabelled = \"secrt\"", &[
        "6:14: records without a label are `secrt`, which isn't a level: say one of `internal`, `secret`",
    ]),
    ("[labels]\nlevels = [\"internal\", \"internal\"]", &[
        "5:23: `internal` is in this list twice: say it once",
    ]),
    ("[[purpose]]\ncollection = \"customers\"", &[
        "4:1: `purposes` is missing: say it, such as `purposes = [\"support\"]`",
    ]),
    ("[[purpose]]\ncollection = \"*\"\npurposes = [\"support\"]", &[
        "4:1: purposes are for some collections: name them instead of `*`",
    ]),
    ("[purpose]\ncustomers = [\"support\"]", &[
        "4:1: `collection` is missing: say it, such as `collection = \"customers\"`",
        "4:1: `purposes` is missing: say it, such as `purposes = [\"support\"]`",
        "5:1: `customers` isn't a key here: the keys here are `collection`, `purposes`, `role`",
    ]),
    ("[[step_up]]\nacts = [\"export\"]", &[
        "4:1: any authentication is strong enough: say `strength = 2`",
        "4:1: it isn't said how old the authentication may be: say `within = \"5 min\"`",
    ]),
    ("[[step_up]]\nstrength = 300\nwithin = \"5 minits\"", &[
        "5:12: this number doesn't fit: write a whole number from 0 to 255",
        "6:10: `5 minits` isn't a length of time: write a number from 1 to 1000000 and `s`, `min`, `h` or `days`, such as `5 min`",
    ]),
    ("[[step_up]]\nstrength = 2\nwithin = 5", &[
        "6:10: this is a number: write a text in quotes",
    ]),
    ("[[row_limit]]\nrole = \"a\"", &[
        "4:1: it limits nothing: say `per_act = 100`, `per_hour = 1000` or `unique_tries = 500`",
    ]),
    ("[[row_limit]]\nper_act = 0", &[
        "5:11: 0 would let nobody do anything: say 1 or more, or forbid it",
    ]),
    ("[[row_limit]]\nper_act = 1.5", &[
        "5:11: this is a number with a point: write a whole number from 0 to 4294967295",
    ]),
    ("[[row_limit]]\nper_hour = 99999999999999999999", &[
        "5:12: this number doesn't fit: write a whole number from 0 to 4294967295",
    ]),
    ("[[working_hours]]\ndays = [\"mondy\"]", &[
        "5:9: there is no day `mondy`: did you mean `monday`?",
    ]),
    ("[[working_hours]]\ndays = \"Friday\"", &[
        "5:8: there is no day `Friday`: did you mean `friday`?",
    ]),
    ("[[working_hours]]\nbetween = \"8-17\"", &[
        "5:11: `8-17` isn't a span of a day: write two times, as `08:30-17:00`",
    ]),
    ("[[working_hours]]\nbetween = [\"08:00-08:00\"]", &[
        "5:11: a span begins where it ends: say `between = [\"08:30-17:00\"]`",
    ]),
    ("[[working_hours]]\nclosed = 2026-12-25", &[
        "5:10: this is a date or a time without quotes: write a text in quotes, or a list of such texts",
    ]),
    ("[[working_hours]]\nclosed = \"2026-02-29\"", &[
        "5:10: `2026-02-29` is no day of the calendar, with year, month and day: say `closed = [\"2026-12-25\"]`",
    ]),
    ("[[working_hours]]\nutc_offset = \"8\"\nclosed = \"2026-12-25\"", &[
        "5:14: `8` isn't an offset from UTC: write hours and minutes, -12:00 to +14:00, as `+08:00`",
    ]),
    ("[[working_hours]]\nutc_offset = \"+08:00\"", &[
        "4:1: there are no hours, so it limits nothing: say `between = [\"08:30-17:00\"]`, `days = \"monday to friday\"` or `closed = [\"2026-12-25\"]`",
    ]),
    ("[[dual_control]]\nacts = \"all\"\napprovals = 0", &[
        "5:8: name the acts that need approval: there is no `all` here",
        "6:13: it wants no approval: say `approvals = 2`",
    ]),
    ("[[dual_control]]\nacts = [\"approve\", \"define\"]\nlabelled = \"vip\"\napprovals = 1", &[
        "5:9: `approve` can't wait for approvals, since approvals of approving would never end: leave it out",
        "5:20: `define` is on no record, so on none with a label: give it a dual control of its own",
    ]),
    ("[[dual_control]]\nacts = \"export\"\napprovals = 8", &[
        "6:13: it wants 8 approvals, and a request can have 7: say `approvals = 2`",
    ]),
    ("[[working_hours]]\nclosed = [\"2026-12-25\", \"Christmas\"]\nutc_offset = \"+15:00\"", &[
        "5:25: `Christmas` is no day of the calendar, with year, month and day: say `closed = [\"2026-12-25\"]`",
        "6:14: no place is 900 minutes ahead of UTC, only -720 to 840: say `utc_offset = \"+08:00\"`",
    ]),
    ("[[dual_control]]\nacts = [\"break_glass\", \"create_vault\"]\napprovals = 1", &[
        "5:9: `break_glass` can't wait for approvals, since emergency access is for when nobody is there to approve: leave it out",
        "5:24: `create_vault` can't wait for approvals, since no policy is asked about it: leave it out",
    ]),
    ("[[dual_control]]\nacts = [\"change_policy\", \"delete\"]\napprovals = 1", &[
        "5:9: nobody who is to approve `change_policy` may approve it: give one of their roles `may = [\"approve\"]`",
        "5:26: nobody who is to approve `delete` may approve it: give one of their roles `acts = [\"approve\"]` in a grant there",
    ]),
    ("[[roles.c.on]]\ncollection = \"customers\"\nacts = [\"approve\"]\n[[dual_control]]\nacts = [\"delete\", \"freeze\"]\ncollection = [\"customers\", \"orders\"]\napprovals = 1", &[
        "8:9: nobody who is to approve `delete` may approve it: give one of their roles `acts = [\"approve\"]` in a grant there",
        "8:19: nobody who is to approve `freeze` may approve it: give one of their roles `may = [\"approve\"]`",
    ]),
    ("[roles.c]\nmay = [\"approve\"]\n[[dual_control]]\nacts = [\"delete\", \"freeze\"]\napprover = \"a\"\napprovals = 1", &[
        "7:9: nobody who is to approve `delete` may approve it: give one of their roles `acts = [\"approve\"]` in a grant there",
        "7:19: nobody who is to approve `freeze` may approve it: give one of their roles `may = [\"approve\"]`",
    ]),
    ("[[require_reason]]\nname = \"x\"\nacts = [\"read\", \"create_vault\"]", &[
        "6:17: no policy is asked about `create_vault`: leave it out",
    ]),
    ("[[dual_control]]", &[
        "4:1: it is for no act: say `acts = [\"export\"]`",
        "4:1: it wants no approval: say `approvals = 2`",
    ]),
    ("[[break_glass]]\nrole = \"a\"", &[
        "4:1: an emergency allows nothing here: say what, under `[[break_glass.on]]`",
        "4:1: nobody reviews emergency access: say `reviewer = \"protection\"`",
    ]),
    ("[[break_glass]]\nreviewer = \"b\"\n[[break_glass.on]]\ncollection = \"customers\"\nraed = \"all\"", &[
        "4:1: nobody can take emergency access: say `role = \"support\"`",
        "6:1: this grant allows nothing: say what, such as `read = [\"name\"]` or `acts = [\"export\"]`",
        "8:1: `raed` isn't a key here: did you mean `read`?",
    ]),
    ("[[forbid]]\nname = \"x\"\nacts = \"delete\"\nattribute = {}", &[
        "7:13: no field is named: write `{ field = \"value\" }`, or leave it out",
    ]),
    ("[[forbid]]\nname = \"x\"", &[
        "4:1: `acts` is missing: say it, such as `acts = [\"export\"]`",
    ]),
    ("[[forbid]]\nacts = \"all\"", &[
        "4:1: `name` is missing: say it, such as `name = \"the north's customers\"`",
    ]),
    ("[[forbid]]\nname = \"x\"\nacts = \"delete\"\nlabeled = \"vip\"", &[
        "7:1: `labeled` isn't a key here: did you mean `labelled`?",
    ]),
    ("[[forbid]]\nname = \"x\"\nacts = \"delete\"\n[[require_reason]]\nname = \"x\"\nacts = \"read\"", &[
        "5:8: the name `x` is used twice: give each rule its own",
    ]),
    ("forbid = [1]", &[
        "4:1: `forbid` isn't a key here: the keys here are `inherits`, `may`, `on`",
    ]),
    ("forbid = []", &[
        "4:1: `forbid` isn't a key here: the keys here are `inherits`, `may`, `on`",
    ]),
    ("[roles.c]\nmay = [\"define\"", &[
        "5:16: unclosed array, expected `]`",
    ]),
    ("[roles.c]\nmay = define", &[
        "5:7: string values must be quoted, expected literal string",
    ]),
    ("x = 1\nx = 2\ny = \n", &[
        "5:1: duplicate key",
        "6:5: string values must be quoted, expected literal string",
    ]),
    ("é = \"ü\"; x", &[
        "4:1: invalid unquoted key, expected letters, numbers, `-`, `_`",
        "4:8: unexpected key or value, expected newline, `#`",
    ]),
];

fn told(text: &str) -> Vec<String> {
    let error = PolicyFile::parse(text).err().unwrap_or_else(|| panic!("it has no mistake:\n{text}"));
    error.mistakes().iter().map(|m| format!("{}:{}: {}", m.line, m.column, m.what)).collect()
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    for (sections, wanted) in MISTAKES {
        assert_eq!(told(&format!("version = 1\n[roles.a]\n[roles.b]\n{sections}")), *wanted, "{sections}");
    }
    assert!(MISTAKES.iter().map(|(_, told)| told.len()).sum::<usize>() >= 40);
}

#[test]
fn version_and_roles_must_be_said_and_the_version_be_known() {
    let roles = "1:1: there are no roles, so nothing would be permitted: define one and what it may, such as \
                 `[[roles.sales.on]]`";
    assert_eq!(told(""), ["1:1: `version` is missing: say it, such as `version = 1`", roles]);
    assert_eq!(told("version = 2\n[roles.a]"), ["1:11: this number doesn't fit: write a whole number from 1 to 1"]);
}

#[test]
fn column_counts_characters_and_the_line_is_shown_with_a_mark() {
    let error = PolicyFile::parse("version = 1\n[roles.\"销售\"]\nmay = [\"define\", \"定义\"]").unwrap_err();
    let mistake = &error.mistakes()[0];
    assert_eq!((mistake.line, mistake.column), (3, 18));
    let shown = error.to_string();
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().starts_with("policy:3:18: there is no act `定义`: the acts are `create`"));
    assert_eq!(lines.next(), Some("    may = [\"define\", \"定义\"]"));
    assert_eq!(lines.next(), Some("                     ^"));
    // A line that is long isn't shown.
    let long = format!("version = 1\n[roles.a]\nmey = [\"{}\"]", "x".repeat(200));
    assert_eq!(PolicyFile::parse(&long).unwrap_err().to_string().lines().count(), 1);
}

/// Puts a key that isn't known in every place.
#[test]
fn no_unknown_key_is_taken_anywhere() {
    let lines: Vec<&str> = PolicyFile::CRM.lines().collect();
    for n in 0..=lines.len() {
        let mut lines = lines.clone();
        lines.insert(n, "qqqqqqqq = true");
        let text = lines.join("\n");
        // Among those who report to whom a new key is a new person, and true is nobody.
        let told = told(&text);
        assert!(told.iter().any(|what| what.starts_with(&format!("{}:", n + 1))), "line {}: {told:?}", n + 1);
    }
}

#[test]
fn every_key_misspelt_is_a_mistake() {
    let lines: Vec<&str> = PolicyFile::CRM.lines().collect();
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ") && !line.starts_with('#')) {
        let free = ["customers = ", "orders = ", "tickets = ", "\"who "].iter().any(|name| line.starts_with(name));
        if !free {
            let changed = format!("x{line}");
            let mut lines = lines.clone();
            lines[n] = &changed;
            told(&lines.join("\n"));
        }
    }
}

#[test]
fn names_that_are_nowhere_in_the_vault_are_told() {
    let policy = free(
        "[sharing.default]\ncustmers = \"private\"\n\
         [[step_up]]\ncollection = \"customers\"\nfields = [\"ibam\"]\nstrength = 1\nwithin = \"1 h\"\n\
         [[forbid]]\nname = \"x\"\nacts = \"all\"\nattribute = { tierr = \"gold\" }\n\
         [[roles.b.on]]\ncollection = \"*\"\nread = [\"name\", \"nothing\"]",
    );
    let told: Vec<String> = policy
        .check_against(&[("customers", &["name", "iban", "tier"]), ("notes", &["text"])])
        .iter()
        .map(|m| format!("{}:{}: {}", m.line, m.column, m.what))
        .collect();
    assert_eq!(
        told,
        [
            "11:1: there is no collection `custmers`: did you mean `customers`?",
            "14:11: `customers` has no field `ibam`: did you mean `iban`?",
            "20:15: no collection has a field `tierr`: did you mean `tier`?",
            "23:17: no collection has a field `nothing`: mend its name",
        ]
    );
    // Where a collection may have any field, no field is wrong.
    let told = policy.check_against(&[("customers", &[]), ("notes", &[])]);
    assert_eq!(told.len(), 1);
}
