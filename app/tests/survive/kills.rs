//! `kill -9` at random points while incidents open and resolve. After each, nothing is lost, nothing was opened twice, and
//! nothing in the cluster is of no incident.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::time::Duration;

use crate::ground::{Ground, USER};

const NAMESPACES: [&str; 3] = ["shop", "bank", "post"];
const TAGS: usize = 6;

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What waits, and what every tag's incident is called once it was seen.
struct Known {
    waits: BTreeSet<(usize, usize)>,
    ids: BTreeMap<String, String>,
}

impl Known {
    fn toggle(&mut self, ground: &Ground, place: (usize, usize)) {
        let (namespace, tag) = (NAMESPACES[place.0], format!("9.{}", place.1));
        if self.waits.remove(&place) {
            ground.runs(namespace, &tag);
        } else {
            ground.waits(namespace, &tag);
            self.waits.insert(place);
        }
    }

    /// The cluster comes to show what waits, each under the name it always had.
    fn check(&mut self, ground: &Ground) {
        let tags: Vec<String> = (0..TAGS).map(|tag| format!("9.{tag}")).collect();
        let expected: Vec<(&str, &str)> =
            self.waits.iter().map(|(namespace, tag)| (NAMESPACES[*namespace], tags[*tag].as_str())).collect();
        for (tag, id) in ground.shows(&expected) {
            let known = self.ids.entry(tag.clone()).or_insert_with(|| id.clone());
            assert_eq!(*known, id, "{tag} was opened under another name");
        }
        // One resolved within seconds may never have been shown.
        let wholes = ground.wholes().len();
        assert!(wholes >= self.ids.len() && wholes <= TAGS, "{wholes} of {}", self.ids.len());
        ground.assert_whole(wholes);
    }
}

#[test]
fn killed_at_random_points_it_loses_nothing_and_opens_nothing_twice() {
    let kills = number("PULLMEDIC_KILLS").unwrap_or(20);
    let seed = number("PULLMEDIC_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let said = format!("PULLMEDIC_SEED={seed} PULLMEDIC_KILLS={kills}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    let mut random = Random(seed);
    let ground = Ground::quiet();
    let mut known = Known { waits: BTreeSet::new(), ids: BTreeMap::new() };
    (0..4).for_each(|nth| known.toggle(&ground, (nth % 3, nth)));
    for _ in 0..kills {
        // Without a Lease: that of the dead one would be waited for each time.
        let mut controller = ground.start(&["--no-lease"]);
        if random.below(4) > 0 {
            controller.ready();
        }
        // From before its first word to long after it has written all.
        for _ in 0..1 + random.below(4) {
            let place = (random.below(NAMESPACES.len()), random.below(TAGS));
            known.toggle(&ground, place);
            std::thread::sleep(Duration::from_millis(random.below(700) as u64));
        }
        controller.killed();
        let mut next = ground.start(&["--no-lease"]);
        next.ready();
        known.check(&ground);
        // Half of the time that one is killed, too: right after it went on, or in the rest.
        if random.below(2) == 0 {
            next.killed();
        } else {
            next.ended();
        }
    }
    let refused = ground.api().count(|request| request.user == USER && request.code == Some(403));
    assert_eq!(refused, 0);
    // The history has them all under the same names, and each once.
    let kept: BTreeSet<String> = ground.history("one").iter().map(|it| it.id.to_string()).collect();
    let lost: Vec<&String> = known.ids.values().filter(|id| !kept.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {kept:?}");
}
