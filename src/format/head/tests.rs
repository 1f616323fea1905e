use super::*;

fn body() -> HeadBody {
    HeadBody {
        vault: VaultId::from_bytes([0x11; 16]),
        epoch: JournalEpochId::from_bytes([0x22; 16]),
        size: 5,
        root: [3; 32],
        ledger_size: 0,
        ledger_hash: [4; 32],
        time: Timestamp::from_micros(1_795_348_134_000_042),
    }
}

fn note() -> String {
    let signed = body_text(&body());
    let name = origin(body().vault, body().epoch);
    note_text(&signed, &name, &Signature { key_id: [1, 2, 3, 4], bytes: vec![5; 64] })
}

#[test]
fn head_reads_back_alone_and_from_a_head_file() {
    for (text, frontier) in [(note(), None), (file_text(&note(), &[[8; 32], [9; 32]]), Some(vec![[8; 32], [9; 32]]))] {
        let parsed = parse(&text).unwrap();
        assert_eq!(parsed.body, body());
        assert_eq!(parsed.text, note());
        assert_eq!(parsed.signed, body_text(&body()));
        assert_eq!(parsed.signatures, [Signature { key_id: [1, 2, 3, 4], bytes: vec![5; 64] }]);
        assert_eq!(parsed.frontier, frontier);
    }
    assert_eq!(parse(&file_text(&note(), &[])).unwrap().frontier, Some(vec![]));
}

#[test]
fn torn_head_is_refused_at_every_length() {
    let text = file_text(&note(), &[[8; 32]]);
    for end in 0..text.len() {
        // Two cuts leave what is itself whole: after the note, and before the first hash.
        let whole = end == note().len() || end == note().len() + 1;
        if let Some(cut) = text.get(..end) {
            assert_eq!(parse(cut).is_ok(), whole, "{end}: {cut}");
        }
    }
}

#[test]
fn second_spelling_of_a_line_is_refused() {
    let text = note();
    for (from, to) in [
        ("\n5\n", "\n05\n"),
        ("\n5\n", "\n+5\n"),
        ("11111111-1111", "111111111111"),
        ("ledger 0 ", "ledger  0 "),
        ("2026-11", "2026-13"),
        ("000042Z", "42Z"),
        ("time 2026-11-22T11:48:54", "time 2026-11-22T11:48:60"),
        ("\n", "\r\n"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert_ne!(bad, text, "{from:?}");
        assert!(parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn signatures_of_others_and_lines_of_later_releases_are_let_stand() {
    let witnessed = format!("{}\u{2014} witness.example/w1 {}\n", note(), Base64::encode_string(&[0; 76]));
    assert_eq!(parse(&witnessed).unwrap().signatures.len(), 1);
    let later = note().replacen("Z\n\n", "Z\nfuture 1\n\n", 1);
    let parsed = parse(&later).unwrap();
    assert_eq!(parsed.body, body());
    assert!(parsed.signed.ends_with("future 1\n"));
}

#[test]
fn key_of_the_reference_implementation_reads_and_prints() {
    // golang.org/x/mod/sumdb/note, note_test.go.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let (name, id, key) = parse_key(text).unwrap();
    assert_eq!((name, id), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
    assert_eq!(key_text(name, id, &key), text);
    for bad in ["", "a+b", "a+c74f20a3+ARpc", &text.replace("+c", "+C"), &text.replace("+A", "+B")] {
        assert!(parse_key(bad).is_err(), "{bad}");
    }
}
