use super::*;

const VAULT: VaultId = VaultId::from_bytes([0x11; 16]);
const EPOCH: JournalEpochId = JournalEpochId::from_bytes([0x22; 16]);

fn frontier(size: u8) -> Frontier {
    let mut frontier = Frontier::default();
    (0..size).for_each(|n| frontier.append([n; 32]));
    frontier
}

fn head(size: u8) -> Head {
    let tree = frontier(size);
    Head::sign(
        &signing(),
        HeadBody {
            vault: VAULT,
            epoch: EPOCH,
            size: tree.size(),
            root: tree.root(),
            ledger_size: 0,
            ledger_hash: [4; 32],
            time: Timestamp::from_micros(1_795_348_134_000_042),
        },
    )
}

fn signing() -> Key<role::Signing> {
    Key::copied(&[0x33; 32])
}

fn key() -> HeadKey {
    HeadKey::of(&signing(), VAULT, EPOCH)
}

#[test]
fn head_verifies_under_its_key_only() {
    let head = Head::parse(&head(5).to_string()).unwrap();
    assert_eq!(head.verify(&key()), Ok(()));
    let other = HeadKey::of(&Key::copied(&[0x34; 32]), VAULT, EPOCH);
    assert!(matches!(head.verify(&other), Err(HeadError::Signature { .. })));
    let elsewhere = HeadKey::of(&signing(), VAULT, JournalEpochId::from_bytes([0x23; 16]));
    assert!(matches!(head.verify(&elsewhere), Err(HeadError::OtherJournal { .. })));
}

#[test]
fn every_altered_byte_of_a_head_shows() {
    let text = head(5).to_string();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let verified = String::from_utf8(bytes).ok().and_then(|text| Head::parse(&text).ok()).map(|h| h.verify(&key()));
        assert!(!matches!(verified, Some(Ok(()))), "{at}");
    }
}

#[test]
fn witness_may_sign_too_and_a_second_signature_of_ours_must_hold() {
    let text = head(5).to_string();
    let line = text.lines().last().unwrap();
    let witnessed = format!("{text}{}\n", line.replace(&head(5).origin(), "witness.example"));
    assert_eq!(Head::parse(&witnessed).unwrap().verify(&key()), Ok(()));
    let other_line = head(6).to_string().lines().last().unwrap().to_owned();
    let doubled = format!("{text}{other_line}\n");
    assert!(Head::parse(&doubled).unwrap().verify(&key()).is_err());
}

#[test]
fn key_reads_back_from_its_text_and_a_wrong_id_is_refused() {
    let text = key().to_string();
    assert_eq!(text.parse(), Ok(key()));
    let id = text.split('+').nth(1).unwrap();
    assert!(text.replace(id, "00000000").parse::<HeadKey>().is_err());
    let go = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(go.parse::<HeadKey>().unwrap().to_string(), go);
}

#[test]
fn head_file_gives_back_head_and_frontier_and_is_a_head_to_others() {
    for size in [0, 1, 5, 8] {
        let file = encode_head_file(&head(size), &frontier(size)).unwrap();
        assert_eq!(decode_head_file(file.as_bytes()), Ok((head(size), frontier(size))));
        assert_eq!(Head::parse(&file), Ok(head(size)));
    }
    assert_eq!(encode_head_file(&head(5), &frontier(6)), Err(HeadError::Frontier));
}

#[test]
fn head_file_with_another_trees_hashes_is_refused() {
    let file = encode_head_file(&head(5), &frontier(5)).unwrap();
    let mut swapped: Vec<&str> = file.lines().collect();
    let last = swapped.len() - 1;
    swapped.swap(last, last - 1);
    assert_eq!(decode_head_file((swapped.join("\n") + "\n").as_bytes()), Err(HeadError::Frontier));
    assert!(matches!(decode_head_file(head(5).to_string().as_bytes()), Err(HeadError::Malformed { .. })));
}

/// A note as others wrote it: text, blank line, signatures.
fn signed_by(key: &str, note: &str) -> bool {
    let key: HeadKey = key.parse().unwrap();
    let (text, lines) = note.rsplit_once("\n\n").unwrap();
    let signatures = layout::parse_signatures(lines, key.name()).unwrap();
    let ours: Vec<_> = signatures.iter().filter(|signature| signature.key_id == key.id()).collect();
    !ours.is_empty() && ours.iter().all(|signature| key.signed(format!("{text}\n").as_bytes(), signature))
}

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const BY_PETER: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ENOCH: &str =
    "\u{2014} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

#[test]
fn signed_notes_of_the_reference_implementation_verify() {
    // golang.org/x/mod/sumdb/note, note_test.go.
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    for signatures in [BY_PETER.to_owned(), [BY_PETER, BY_ENOCH].concat(), [BY_ENOCH, BY_PETER, BY_PETER].concat()] {
        assert!(signed_by(PETER, &format!("{text}\n{signatures}")));
        assert_eq!(signed_by(ENOCH, &format!("{text}\n{signatures}")), signatures.contains("Enoch"));
    }
    let longer = BY_PETER.replace("SffcvIAQ", "SffcABCDvIAQ");
    assert!(!signed_by(PETER, &format!("{text}\n{longer}")));
    assert!(!signed_by(PETER, &format!("{text}\n{BY_PETER}{longer}")), "every signature of a known key has to hold");
    assert!(!signed_by(PETER, &format!("{}\n{BY_PETER}", text.replace("then", "Then"))));
    assert!(!signed_by(PETER, &format!("{text}\n{}", BY_PETER.replace("PeterNeumann", "CarmenSandiego"))));
    assert!(layout::parse_signatures(BY_PETER.trim_end(), "PeterNeumann").is_err());
    assert!(layout::parse_signatures(&format!("{BY_PETER}Unexpected line.\n"), "PeterNeumann").is_err());
}

#[test]
fn keys_that_the_reference_implementation_refuses_are_refused() {
    // golang.org/x/mod/sumdb/note, TestNewVerifier.
    for from in 0..PETER.len() {
        for to in from..=PETER.len() {
            assert_eq!(PETER[from..to].parse::<HeadKey>().is_ok(), to - from == PETER.len(), "{from} {to}");
        }
    }
    for at in 0..PETER.len() {
        let mut bytes = PETER.as_bytes().to_vec();
        bytes[at] += 1;
        assert!(String::from_utf8(bytes).unwrap().parse::<HeadKey>().is_err(), "{at}");
    }
    for bad in [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(bad.parse::<HeadKey>().is_err(), "{bad}");
    }
}

#[test]
fn checkpoint_of_the_go_checksum_database_verifies_among_its_witnesses_signatures() {
    let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let note = "go.sum database tree\n15081221\nBoMMe1wd25Tco0mYGROkyqxHZWx+hcSCtMV315Lu6Lg=\n\n\
        \u{2014} sum.golang.org Az3grilD7vQqTrv66jRgKM84Y80KTprrSt4bKmiOPxgmS5ZVBTeCl6dUvjYnN13R+C8j0jGY1WnUADGMkok3U0m2Zgo=\n\
        \u{2014} test.example.com qTGhC3917mAr6hGh+T55tNjxaej/D/GQivJZRIj7XGdAcQOTqfMWIPgp/v/904LEduN/h2sSRtHUJXUL4b9Gm7Bz4Qc=\n\
        \u{2014} test.example.com /Pa7Y/dUvWMAAAAAQVwkQVi81ArPV7BIaQYrMIxyzY0m8a4BdeeBhSKd3PviPK4/3Sd+NKSc5N7PDTCfAkUSVniN+R2oKIggA4iiDQ==\n";
    assert!(signed_by(key, note));
    assert!(!signed_by(key, &note.replace("15081221", "15081222")));
    let later = "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n\
        \u{2014} sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n";
    assert!(signed_by(key, later));
}

#[test]
fn cosignatures_and_lines_of_later_releases_survive_reading_and_writing() {
    let cosigned = format!(
        "{}{BY_PETER}{BY_ENOCH}\u{2014} witness.example/w1 {}\n",
        head(5),
        <base64ct::Base64 as base64ct::Encoding>::encode_string(&[7; 76]),
    );
    let read = Head::parse(&cosigned).unwrap();
    assert_eq!(read.to_string(), cosigned);
    assert_eq!(read.verify(&key()), Ok(()));
    // What a later release signs with a line more.
    let body = format!("{}further words\n", layout::body_text(head(5).body()));
    let signature = Signature { key_id: key().id(), bytes: sign(&signing(), body.as_bytes()).to_vec() };
    let later = layout::note_text(&body, key().name(), &signature);
    let read = Head::parse(&later).unwrap();
    assert_eq!((read.to_string(), read.verify(&key())), (later.clone(), Ok(())));
    let altered = Head::parse(&later.replace("further", "altered")).unwrap();
    assert!(altered.verify(&key()).is_err(), "a line that isn't known is signed all the same");
}

#[test]
fn signature_of_our_key_of_another_length_does_not_pass_for_anothers() {
    let text = head(5).to_string();
    let both = [&key().id()[..], &[9; 65]].concat();
    let line =
        format!("\u{2014} {} {}\n", key().name(), <base64ct::Base64 as base64ct::Encoding>::encode_string(&both));
    assert!(Head::parse(&format!("{text}{line}")).unwrap().verify(&key()).is_err());
}
