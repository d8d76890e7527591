use super::{super::counted::Counted, *};

/// One incarnation, as the site knows it.
struct Site(Counted, u64);

impl Lacks for Site {
    fn lacks(&self, (_, number): Place, after: Option<&[u64]>) -> Option<u64> {
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
            site: Site(Counted::default(), 0),
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
