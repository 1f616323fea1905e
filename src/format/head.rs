//! A signed head of the journal, as text: a checkpoint (<https://c2sp.org/tlog-checkpoint>) in a signed note
//! (<https://c2sp.org/signed-note>); the form of its key; and the `head` file.
//!
//! Guarantees: [`parse`] takes one canonical spelling of everything that is ours; lines of other signers are let stand.
//! Does not: check a signature.

use base64ct::{Base64, Encoding};

use super::FormatError;
use crate::model::{JournalEpochId, Timestamp, VaultId};

const WHAT: &str = "journal head";

/// A head, or a `head` file, is at most this long: room for 16 signatures of other kinds.
pub(crate) const MAX_HEAD: usize = 128 * 1024;
/// The signature type of Ed25519 in a signed note.
pub(crate) const ED25519: u8 = 1;

const PREFIX: &str = "strongroom/";
const DASH: &str = "\u{2014} ";

/// What a head states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    /// Blocks in the journal.
    pub(crate) size: u64,
    pub(crate) root: [u8; 32],
    /// Erasures in the ledger, and its hash.
    pub(crate) ledger_size: u64,
    pub(crate) ledger_hash: [u8; 32],
    pub(crate) time: Timestamp,
}

/// A signature by a key that has the journal's name. One of Ed25519 has 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) key_id: [u8; 4],
    pub(crate) bytes: Vec<u8>,
}

/// A signed note taken apart.
pub(crate) struct Note<'a> {
    /// The note, without what a `head` file has after it.
    pub(crate) text: &'a str,
    /// What is signed.
    pub(crate) signed: &'a str,
    pub(crate) body: Body,
    pub(crate) signatures: Vec<Signature>,
    /// The hashes that follow in a `head` file.
    pub(crate) frontier: Option<Vec<[u8; 32]>>,
}

/// The first line of a journal's heads, and the name of its key.
pub(crate) fn origin(vault: VaultId, epoch: JournalEpochId) -> String {
    format!("{PREFIX}{vault}/{epoch}")
}

/// The text that is signed.
pub(crate) fn body_text(body: &Body) -> String {
    format!(
        "{}\n{}\n{}\nledger {} {}\ntime {}\n",
        origin(body.vault, body.epoch),
        body.size,
        Base64::encode_string(&body.root),
        body.ledger_size,
        Base64::encode_string(&body.ledger_hash),
        body.time,
    )
}

/// A note: the signed text, a blank line, the signature's line.
pub(crate) fn note_text(signed: &str, name: &str, signature: &Signature) -> String {
    let both = [signature.key_id.as_slice(), &signature.bytes].concat();
    format!("{signed}\n{DASH}{name} {}\n", Base64::encode_string(&both))
}

/// A `head` file: the note, a blank line, the hashes of the tree's right edge, a line each.
pub(crate) fn file_text(note: &str, frontier: &[[u8; 32]]) -> String {
    let mut text = format!("{note}\n");
    for hash in frontier {
        text.push_str(&Base64::encode_string(hash));
        text.push('\n');
    }
    text
}

/// Takes a note or a `head` file apart.
pub(crate) fn parse(text: &str) -> Result<Note<'_>, FormatError> {
    if text.len() > MAX_HEAD {
        return Err(invalid("it is over 128 KiB"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(invalid("it has control characters; copy it as it is, with plain line ends"));
    }
    let (signed, rest) =
        text.split_once("\n\n").ok_or_else(|| invalid("the blank line before the signatures is missing"))?;
    let signed = text.get(..=signed.len()).unwrap_or_default();
    let (lines, frontier) = match rest.split_once("\n\n") {
        Some((lines, frontier)) => {
            (text.get(signed.len() + 1..=signed.len() + 1 + lines.len()).unwrap_or_default(), Some(frontier))
        }
        None => (rest, None),
    };
    let body = parse_body(signed)?;
    let signatures = parse_signatures(lines, &origin(body.vault, body.epoch))?;
    let note = text.get(..signed.len() + 1 + lines.len()).unwrap_or_default();
    let frontier = frontier.map(parse_frontier).transpose()?;
    Ok(Note { text: note, signed, body, signatures, frontier })
}

/// The form of a key: `<name>+<key id, hex>+<base64 of type and key>`.
pub(crate) fn key_text(name: &str, key_id: [u8; 4], public: &[u8; 32]) -> String {
    let typed = [&[ED25519], public.as_slice()].concat();
    format!("{name}+{:08x}+{}", u32::from_be_bytes(key_id), Base64::encode_string(&typed))
}

/// Name, key id and key of what [`key_text`] wrote.
pub(crate) fn parse_key(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), FormatError> {
    let bad = || FormatError::Invalid { what: "head key", why: "expected <name>+<8 hexadecimal digits>+<base64>" };
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad());
    };
    let typed = decode::<33>(key).ok_or_else(bad)?;
    let (kind, public) = typed.split_first_chunk::<1>().ok_or_else(bad)?;
    let public = <[u8; 32]>::try_from(public).map_err(|_| bad())?;
    let key_id = u32::from_str_radix(id, 16).map_err(|_| bad())?.to_be_bytes();
    let canonical = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if *kind == [ED25519] && canonical && key_text(name, key_id, &public) == text {
        Ok((name, key_id, public))
    } else {
        Err(bad())
    }
}

fn parse_body(signed: &str) -> Result<Body, FormatError> {
    let mut lines = signed.lines();
    let mut line = || lines.next().ok_or_else(|| invalid("a line is missing"));
    let (vault, epoch) = line()?
        .strip_prefix(PREFIX)
        .and_then(|ids| ids.split_once('/'))
        .and_then(|(vault, epoch)| Some((vault.parse().ok()?, epoch.parse().ok()?)))
        .ok_or_else(|| invalid("its first line doesn't name a vault and a journal"))?;
    let size = number(line()?)?;
    let root = hash(line()?)?;
    let (ledger_size, ledger_hash) = line()?
        .strip_prefix("ledger ")
        .and_then(|ledger| ledger.split_once(' '))
        .ok_or_else(|| invalid("the line of the ledger is missing"))?;
    let body = Body {
        vault,
        epoch,
        size,
        root,
        ledger_size: number(ledger_size)?,
        ledger_hash: hash(ledger_hash)?,
        time: line()?.strip_prefix("time ").and_then(time).ok_or_else(|| invalid("the line of the time is missing"))?,
    };
    // Lines that a later release may add are signed too, and don't matter here.
    if signed.starts_with(&body_text(&body)) { Ok(body) } else { Err(invalid("a line is not in its one spelling")) }
}

/// The signatures of this name's keys among the lines of signatures.
pub(crate) fn parse_signatures(lines: &str, name: &str) -> Result<Vec<Signature>, FormatError> {
    if !lines.ends_with('\n') {
        return Err(invalid("its last line is torn"));
    }
    let mut found = Vec::new();
    for line in lines.lines() {
        let (signer, signature) = line
            .strip_prefix(DASH)
            .and_then(|line| line.split_once(' '))
            .ok_or_else(|| invalid("a line of a signature is not one"))?;
        // Whatever another signer's line holds is theirs.
        if let Some(both) = Base64::decode_vec(signature).ok().filter(|_| signer == name)
            && let Some((key_id, bytes)) = both.split_first_chunk()
        {
            found.push(Signature { key_id: *key_id, bytes: bytes.to_vec() });
        }
    }
    Ok(found)
}

fn parse_frontier(lines: &str) -> Result<Vec<[u8; 32]>, FormatError> {
    if !lines.is_empty() && !lines.ends_with('\n') {
        return Err(invalid("its last line is torn"));
    }
    let hashes = lines.lines().take(65).map(hash).collect::<Result<Vec<_>, _>>()?;
    if hashes.len() > 64 { Err(invalid("it has too many hashes")) } else { Ok(hashes) }
}

fn number(text: &str) -> Result<u64, FormatError> {
    text.parse().map_err(|_| invalid("a size is not a decimal number"))
}

fn hash(text: &str) -> Result<[u8; 32], FormatError> {
    decode(text).ok_or_else(|| invalid("a hash is not 32 bytes of base64"))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (Base64::decode(text, &mut bytes).ok()?.len() == N).then_some(bytes)
}

/// What `Timestamp` prints, read back.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.rsplitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (day, month, year) = (date.next()??, date.next()??, date.next()??);
    let (clock, micros) = time.split_once('.')?;
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    let fits = |value: i64, limit: i64| (0..=limit).contains(&value);
    if !fits(day, 31) || !fits(month, 12) || !fits(h, 23) || !fits(m, 59) || !fits(s, 59) || year.abs() > 300_000 {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    let seconds = days * 86_400 + h * 3600 + m * 60 + s;
    let micros = i128::from(seconds) * 1_000_000 + i128::from(micros.parse::<u32>().ok()?);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

const fn invalid(why: &'static str) -> FormatError {
    FormatError::Invalid { what: WHAT, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Body {
        Body {
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
        for (text, frontier) in
            [(note(), None), (file_text(&note(), &[[8; 32], [9; 32]]), Some(vec![[8; 32], [9; 32]]))]
        {
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
    fn time_that_is_printed_reads_back() {
        for micros in [0, -1, 951_782_400_000_000, 1_795_348_134_000_042, -62_200_000_000_000_000, i64::MAX, i64::MIN] {
            let time_stamp = Timestamp::from_micros(micros);
            assert_eq!(time(&time_stamp.to_string()), Some(time_stamp), "{time_stamp}");
        }
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
}
