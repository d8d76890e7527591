use super::{super::counted::Counted, *};

/// One incarnation, as the site knows it; and how often it was asked.
struct Site(Counted, u64, std::cell::Cell<usize>);

impl Lacks for Site {
    fn lacks(&self, (_, number): Place, after: Option<&[u64]>) -> Option<u64> {
        self.2.set(self.2.get() + 1);
        super::super::known::lacking(&self.0, self.1, number, after)
    }

    fn pass(&mut self, _: usize, up_to: u64) {
        self.1 = self.1.max(up_to);
    }
}

struct World {
    holding: Holding,
    site: Site,
}

impl World {
    fn new() -> Self {
        Self {
            holding: Holding::new(Duration::from_micros(100)),
            site: Site(Counted::default(), 0, 0.into()),
        }
    }

    /// The place in the journal is a hundred times the number.
    fn arrives(&mut self, number: u64, lines: &[u64], after: Option<&[u64]>, arrived: i64) {
        self.site.0.arrived(number);
        let scan = Scan {
            sequence: number * 100,
            class: Class::Live,
            lines: lines.to_vec(),
            after: after.map(ToOwned::to_owned),
            arrived,
        };
        self.holding.add((0, number), scan);
    }

    fn go(&mut self, now: i64) -> Vec<u64> {
        let (gone, _) = self.holding.release(now, 100, &mut self.site);
        gone.into_iter().map(|(sequence, _)| sequence / 100).collect()
    }

    fn done(&mut self, number: u64) {
        self.holding.done(number * 100);
    }
}

#[test]
fn scans_of_one_document_or_place_go_one_after_the_other_in_their_order() {
    let mut world = World::new();
    // The third came first; it shares its document with the first, its place with the second.
    world.arrives(3, &[1, 9], None, 0);
    world.arrives(1, &[1], None, 1);
    world.arrives(2, &[9], None, 2);
    world.arrives(4, &[5], None, 3);
    assert_eq!(world.go(4), [1, 2, 4]);
    world.done(1);
    assert_eq!(world.go(5), [] as [u64; 0]);
    world.done(2);
    assert_eq!(world.go(6), [3]);
    world.done(3);
    world.done(4);
    assert_eq!((world.holding.held(), world.holding.lines.len()), (0, 0));
}

#[test]
fn a_gap_holds_back_what_may_depend_on_it_for_a_while_and_once() {
    let mut world = World::new();
    world.arrives(1, &[1], None, 0);
    world.arrives(3, &[3], None, 10);
    world.arrives(4, &[4], None, 20);
    // What says that it comes after the first alone does not wait.
    world.arrives(5, &[1], Some(&[1]), 30);
    assert_eq!(world.go(40), [1]);
    world.done(1);
    assert_eq!(world.go(50), [5]);
    let (_, next) = world.holding.release(50, 100, &mut world.site);
    assert_eq!(next, Some(110));
    assert_eq!(world.go(109), [] as [u64; 0]);
    // The third has waited long enough; nobody waits for the second again.
    assert_eq!(world.go(110), [3, 4]);
    world.arrives(6, &[6], None, 111);
    assert_eq!(world.go(111), [6]);
    // It comes late: it is delivered all the same.
    world.arrives(2, &[4], None, 112);
    assert_eq!(world.go(112), [] as [u64; 0], "the fourth is out");
    world.done(4);
    assert_eq!(world.go(113), [2]);
}

#[test]
fn a_gap_that_closes_lets_everything_go_in_order() {
    let mut world = World::new();
    for number in [5, 4, 3, 2] {
        world.arrives(number, &[7], None, 0);
    }
    assert_eq!(world.go(1), [] as [u64; 0]);
    world.arrives(1, &[7], None, 2);
    for number in 1..=5 {
        assert_eq!(world.go(3), [number]);
        // Taken in once more, because the term before could not say what became of it.
        world.arrives(number, &[7], None, 3);
        world.done(number);
    }
    assert_eq!(world.go(4), [] as [u64; 0]);
}

#[test]
fn no_more_go_than_there_is_room_for() {
    let mut world = World::new();
    for number in 1..=10 {
        world.arrives(number, &[number], None, 0);
    }
    let (gone, _) = world.holding.release(1, 4, &mut world.site);
    assert_eq!(gone.len(), 4);
    assert_eq!(world.go(1), [5, 6, 7, 8, 9, 10]);
}

const MANY: u64 = 100_000;

/// So many releases of at most as many as are delivered at once ask so often whether something lacks.
fn looks_of(world: &mut World, releases: u64, now: i64) -> (usize, Vec<u64>) {
    let before = world.site.2.get();
    let mut all = Vec::new();
    for _ in 0..releases {
        let (gone, _) = world.holding.release(now, 512, &mut world.site);
        all.extend(gone.into_iter().map(|(sequence, _)| sequence / 100));
    }
    (world.site.2.get() - before, all)
}

#[test]
fn a_hundred_thousand_behind_a_gap_are_not_asked_one_by_one() {
    let mut world = World::new();
    for number in 2..=MANY {
        world.arrives(number, &[number], None, 0);
    }
    assert_eq!(
        looks_of(&mut world, 1000, 99),
        (1000, vec![]),
        "the first answers for all"
    );
    assert_eq!(world.holding.held(), 99_999);
    // The gap closes: each that goes is looked at once.
    world.arrives(1, &[1], None, 99);
    let (looks, gone) = looks_of(&mut world, 196, 99);
    assert_eq!((looks, gone), (100_000, (1..=MANY).collect()));
    for number in 1..=MANY {
        world.done(number);
    }
    assert_eq!((world.holding.len(), world.holding.held()), (0, 0));
}

#[test]
fn a_hundred_thousand_that_name_what_they_come_after_are_asked_again_when_it_comes() {
    let mut world = World::new();
    for number in 3..=MANY {
        // Half of them wait for the first, the others for both.
        let after: &[u64] = if number % 2 == 0 { &[1] } else { &[1, 2] };
        world.arrives(number, &[number], Some(after), 0);
    }
    let (looks, gone) = looks_of(&mut world, 1000, 99);
    assert_eq!(
        (looks, gone.len()),
        (99_998, 0),
        "each once, whenever it was asked"
    );
    world.arrives(2, &[2], Some(&[]), 99);
    let (looks, gone) = looks_of(&mut world, 1000, 99);
    assert_eq!(
        (looks, gone),
        (50_000, vec![2]),
        "itself, and those that waited for it"
    );
    // What has waited long enough passes it over for all of them.
    let (looks, gone) = looks_of(&mut world, 196, 100);
    assert!(looks <= 2 * 99_998 + 196, "{looks}");
    assert_eq!(gone, (3..=MANY).collect::<Vec<_>>());
}

#[test]
fn in_any_order_nobody_goes_early_and_nobody_is_forgotten() {
    for seed in 0..60 {
        let mut random = seed;
        let mut below = |limit: u64| {
            random = (random ^ 0x9e37_79b9_7f4a_7c15_u64)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                .rotate_left(27);
            (random >> 32) % limit
        };
        let (mut world, mut out) = (World::new(), Vec::new());
        let mut numbers: Vec<u64> = (1..=40).collect();
        for now in 0..400_i64 {
            if !numbers.is_empty() && below(3) == 0 {
                let number = numbers.swap_remove(below(numbers.len() as u64) as usize);
                let lines = [below(6), 10 + below(6)];
                let after = [below(number), below(number)].map(|one| one.max(1));
                let after = (below(2) == 0 && number > 1).then_some(&after[..]);
                world.arrives(number, &lines, after, now);
            }
            if !out.is_empty() && below(2) == 0 {
                world.done(out.swap_remove(below(out.len() as u64) as usize));
            }
            let passed = world.site.1;
            let due = |scan: &Scan| scan.arrived + 100 <= now;
            let lacks =
                |world: &World, place: Place, scan: &Scan| world.site.lacks(place, scan.after.as_deref());
            let late = world.holding.scans.values().any(due);
            let gone = world.go(now);
            assert!(
                late || world.site.1 == passed,
                "nothing is passed over in time, seed {seed}"
            );
            out.extend(&gone);
            for (place, scan) in &world.holding.scans {
                let others = |line| {
                    world
                        .holding
                        .scans
                        .iter()
                        .filter(move |(_, other)| other.lines.contains(line))
                };
                let first = scan.lines.iter().all(|line| {
                    others(line).all(|(other, scan)| {
                        other >= place && (other == place || !out.contains(&(scan.sequence / 100)))
                    })
                });
                let may = first && (due(scan) || lacks(&world, *place, scan).is_none());
                if gone.contains(&place.1) {
                    assert!(lacks(&world, *place, scan).is_none(), "{place:?}, seed {seed}");
                }
                if !out.contains(&place.1) {
                    assert!(!may, "{place:?} waits for nothing, seed {seed}");
                }
            }
        }
        assert!(numbers.is_empty() && world.holding.held() == 0, "seed {seed}");
    }
}
