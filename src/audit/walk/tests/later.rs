//! Journals that begin later than at block 0.

use super::*;
use super::{EPOCH, VAULT, head, head_key, journal, run, tenant, tree};
use crate::audit::leaf_of;

/// A walk through a journal whose first blocks were dropped: their leaves, and each tenant's last block.
fn begun_later<'a>(claims: Claims<'a>, leaves: &[Digest], dropped: &[(u64, Vec<u8>)]) -> Result<Walk<'a>, Verdict> {
    let mut walk = Walk::new(claims).unwrap();
    leaves.iter().try_for_each(|leaf| walk.dropped(*leaf))?;
    let tips = dropped.iter().map(|(position, bytes)| {
        let header = header_of(bytes).unwrap();
        let tip = Tip { position: *position, sequence: header.sequence, commit_mac: header.commit_mac };
        (header.tenant, tip)
    });
    walk.preset(tips)?;
    Ok(walk)
}

#[test]
fn journal_that_begins_later_is_held_against_heads_of_any_age() {
    let (blocks, head_key) = (journal(9), head_key());
    let stored = tree(&blocks);
    let heads: Vec<Head> = (0..=9).map(|size| head(&tree(&blocks[..size]))).collect();
    let leaves: Vec<Digest> = blocks.iter().map(|(_, bytes)| leaf_of(bytes).unwrap()).collect();
    let claims = |beside, anchor| Claims {
        vault: VAULT,
        epoch: EPOCH,
        start: Frontier::default(),
        stored: &stored,
        beside,
        anchor,
        head_key: &head_key,
    };
    for base in 0..=9 {
        let (dropped, kept) = blocks.split_at(base);
        for (size, old) in heads.iter().enumerate() {
            let walk = begun_later(claims(Some(old), Some(old)), &leaves[..base], dropped).unwrap();
            assert_eq!(walk.tips().len(), base.min(3));
            let wanted = if size == 9 { Verdict::Intact } else { Verdict::UnanchoredTail(9 - size as u64) };
            assert_eq!(run(walk, kept), wanted, "{base} {size}");
        }
        // Another leaf than the one that was dropped shows at the first head or at the end.
        for altered in 0..base {
            let mut other = leaves[..base].to_vec();
            other[altered][0] ^= 1;
            for (size, old) in heads.iter().enumerate().skip(altered + 1) {
                let verdict = match begun_later(claims(None, Some(old)), &other, dropped) {
                    Ok(walk) => run(walk, kept),
                    Err(verdict) => verdict,
                };
                let (last, because) = (size as u64 - 1, RewrittenBecause::Head);
                assert_eq!(verdict, Verdict::Rewritten { first: 0, last, because }, "{base} {altered} {size}");
            }
        }
    }
}

#[test]
fn journal_that_begins_later_goes_on_from_the_right_place_and_counts() {
    let (blocks, head_key) = (journal(9), head_key());
    let stored = tree(&blocks);
    let leaves: Vec<Digest> = blocks.iter().map(|(_, bytes)| leaf_of(bytes).unwrap()).collect();
    let claims = Claims {
        vault: VAULT,
        epoch: EPOCH,
        start: Frontier::default(),
        stored: &stored,
        beside: None,
        anchor: None,
        head_key: &head_key,
    };
    let later = |leaves: &[Digest], dropped| begun_later(claims.clone(), leaves, dropped);
    assert_eq!(run(later(&leaves[..4], &blocks[..4]).unwrap(), &blocks[4..]), Verdict::Intact);
    // A leaf too few, one too many.
    let verdict = run(later(&leaves[..3], &blocks[..3]).unwrap(), &blocks[4..]);
    assert_eq!(verdict, Verdict::Gap { at: 3 });
    let verdict = run(later(&leaves[..5], &blocks[..5]).unwrap(), &blocks[4..]);
    assert!(matches!(verdict, Verdict::Rewritten { first: 5, because: RewrittenBecause::Block, .. }), "{verdict:?}");
    // A tenant's last block is forgotten, or is another.
    let verdict = run(later(&leaves[..4], &blocks[..1]).unwrap(), &blocks[4..]);
    assert_eq!(verdict, Verdict::Rewritten { first: 4, last: 4, because: RewrittenBecause::Sequence });
    let verdict = run(later(&leaves[..6], &blocks[..3]).unwrap(), &blocks[6..]);
    assert_eq!(verdict, Verdict::Rewritten { first: 6, last: 6, because: RewrittenBecause::Sequence });
    // One that stands where no block was dropped.
    let verdict = later(&leaves[..3], &blocks[..4]).err();
    assert_eq!(verdict, Some(Verdict::Rewritten { first: 3, last: 3, because: RewrittenBecause::State }));
    // More leaves than the state knows of.
    let verdict = later(&[leaves.clone(), leaves[..1].to_vec()].concat(), &[]).err();
    assert_eq!(verdict, Some(Verdict::Rewritten { first: 9, last: 9, because: RewrittenBecause::State }));
    // Neither comes after a block.
    let mut walk = later(&leaves[..4], &blocks[..4]).unwrap();
    walk.block(4, &blocks[4].1, None).unwrap();
    let tip = Tip { position: 4, sequence: 9, commit_mac: [0; 32] };
    assert!(walk.clone().preset([(tenant(1), tip)]).is_err());
    assert!(walk.dropped(leaves[5]).is_err());
    // Without the tenants' last blocks the counts can't be told, and the rest is checked all the same.
    let mut walk = Walk::new(claims.clone()).unwrap();
    leaves[..4].iter().for_each(|leaf| walk.dropped(*leaf).unwrap());
    assert_eq!(run(walk, &blocks[4..]), Verdict::Intact);
}
