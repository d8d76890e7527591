//! Real partitions: sites in network namespaces of their own, links that are slow or silently cut.
//!
//! One estate lives through all of them, and each case begins where everything is well again. What must hold in each:
//! writes are accepted in one region at a time, and the controller decides as it should and says why.

use std::time::{Duration, Instant};

use plimsoll_tests::{
    Drill, TestEstate, Transcript, Writers,
    lab::{self, Link, Network},
    wait_for,
};
use types::RegionName;

const CONTROLLER: &str = "controller";
const FRONT_DOOR: &str = "front-door";
const REGIONS: [&str; 2] = ["westeurope", "northeurope"];
const SITES: [&str; 4] = [CONTROLLER, FRONT_DOOR, REGIONS[0], REGIONS[1]];
/// One way, between any two sites.
const FAR: Link = Link::far(20);
/// A flapping link passes and does not pass for so long, in turns: shorter than the lease, and longer than a region may be
/// silent.
const FLAP: [Duration; 2] = [Duration::from_millis(700), Duration::from_millis(2_300)];
/// How often.
const FLAPS: usize = 4;
/// Longer than the lease and everything that could follow from its end.
const LONG: Duration = Duration::from_secs(10);
/// A failover, or a return to safety, on a slow machine.
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn partitions_are_answered_right_and_writes_are_accepted_in_one_region_at_a_time() {
    lab::alone(
        "partition::partitions_are_answered_right_and_writes_are_accepted_in_one_region_at_a_time",
        || {
            let network = Network::of(&SITES);
            let estate = TestEstate::up_within("cut", &network);
            network.set(&SITES, &SITES, FAR);
            let partitions = Partitions { estate, network };
            partitions.the_active_region_is_cut_off();
            partitions.the_regions_are_cut_from_each_other();
            partitions.the_witness_is_cut_off();
            partitions.one_direction_between_controller_and_leader_is_cut();
            partitions.one_direction_between_the_regions_is_cut();
            partitions.a_link_flaps();
            partitions.the_world_does_not_reach_the_leader();
        },
    );
}

struct Partitions {
    estate: TestEstate,
    network: Network,
}

impl Partitions {
    /// Nobody hears it and it hears nobody: it stops itself, and the other takes over.
    fn the_active_region_is_cut_off(&self) {
        let (lost, heir) = self.well();
        let writers = Writers::start(&self.estate);
        writers.wait_for_write(&lost, Instant::now());
        let mut transcript = Transcript::begin(
            "active-region-cut-off",
            &format!("all links of {lost} are cut, silently; it leads"),
        );
        let others: Vec<_> = SITES.into_iter().filter(|site| *site != lost.as_str()).collect();
        self.network.set_both(&[lost.as_str()], &others, Link::CUT);
        self.wait(&mut transcript, "the other region leads", |status| {
            status["active"] == heir.as_str() && status["running"].is_null()
        });
        writers.wait_for_write(&heir, Instant::now());
        transcript.did("the links are whole again");
        self.network.set_both(&[lost.as_str()], &others, FAR);
        self.heal(&mut transcript);
        assert_eq!(self.estate.active(), heir);
        assert_eq!(
            Writers::moves(&writers.finish()),
            1,
            "two regions accepted writes"
        );
        assert!(transcript.decided(&self.estate, "fail over from"));
        let text = transcript.end(&self.estate);
        assert!(text.contains("nothing is heard from"), "{text}");
    }

    /// The witness reaches both: the active one goes on, with one copy.
    fn the_regions_are_cut_from_each_other(&self) {
        let (active, standby) = self.well();
        let generation = self.generation();
        let writers = Writers::start(&self.estate);
        let mut transcript = Transcript::begin(
            "regions-cut-from-each-other",
            &format!("the link between {active}, which leads, and {standby} is cut, silently"),
        );
        self.network
            .set_both(&[active.as_str()], &[standby.as_str()], Link::CUT);
        let cut = Instant::now();
        self.exposed(&mut transcript);
        writers.wait_for_write(&active, cut + LONG);
        transcript.look(&self.estate);
        transcript.did("the link is whole again");
        self.network
            .set_both(&[active.as_str()], &[standby.as_str()], FAR);
        self.heal(&mut transcript);
        self.nothing_moved(&transcript, &active, generation, writers);
        transcript.end(&self.estate);
    }

    /// Two regions are a majority: the lease is kept without the witness, and the controller, who hears nobody, does
    /// nothing.
    fn the_witness_is_cut_off(&self) {
        let (active, _) = self.well();
        let generation = self.generation();
        let writers = Writers::start(&self.estate);
        let mut transcript = Transcript::begin(
            "witness-cut-off",
            &format!("the controller is cut off from both regions, silently; {active} leads"),
        );
        self.network.set_both(&[CONTROLLER], &REGIONS, Link::CUT);
        let cut = Instant::now();
        self.wait(&mut transcript, "the controller to wait", |status| {
            let decision = status["decision"].as_str().unwrap_or_default();
            decision.starts_with("wait: the standby")
        });
        writers.wait_for_write(&active, cut + LONG);
        transcript.look(&self.estate);
        transcript.did("the links are whole again");
        self.network.set_both(&[CONTROLLER], &REGIONS, FAR);
        self.heal(&mut transcript);
        self.nothing_moved(&transcript, &active, generation, writers);
        transcript.end(&self.estate);
    }

    /// Either direction alone silences a connection in both; the standby goes on hearing the leader, and says so.
    fn one_direction_between_controller_and_leader_is_cut(&self) {
        let (active, standby) = self.well();
        let generation = self.generation();
        let writers = Writers::start(&self.estate);
        let mut transcript = Transcript::begin(
            "controller-and-leader-one-way",
            &format!(
                "nothing passes from {active}, which leads, to the controller; the other direction does"
            ),
        );
        let leader = [active.as_str()];
        self.network.set(&leader, &[CONTROLLER], Link::CUT);
        let cut = Instant::now();
        self.heard_by(&mut transcript, &standby);
        writers.wait_for_write(&active, cut + LONG);
        self.heard_by(&mut transcript, &standby);
        transcript.did("now nothing passes from the controller to it; the other direction does");
        self.network.set(&[CONTROLLER], &leader, Link::CUT);
        self.network.set(&leader, &[CONTROLLER], FAR);
        let turned = Instant::now();
        writers.wait_for_write(&active, turned + LONG);
        self.heard_by(&mut transcript, &standby);
        transcript.did("the link is whole again");
        self.network.set_both(&[CONTROLLER], &leader, FAR);
        self.heal(&mut transcript);
        self.nothing_moved(&transcript, &active, generation, writers);
        transcript.end(&self.estate);
    }

    /// The controller waits, because the standby hears the leader.
    fn heard_by(&self, transcript: &mut Transcript, standby: &RegionName) {
        let words = format!("but {standby} granted it its lease");
        self.wait(transcript, "the standby to be heard", |status| {
            let decision = status["decision"].as_str().unwrap_or_default();
            decision.contains(&words)
        });
    }

    /// The witness hears both: the same as a link that is cut in both directions. Cut by the product's own drill, under
    /// load; the first one is killed in the middle, and its guard makes the link whole.
    fn one_direction_between_the_regions_is_cut(&self) {
        let (active, standby) = self.well();
        let generation = self.generation();
        let writers = Writers::start(&self.estate);
        let note = self.estate.layout().root().join("cut-links.json");
        let soon = ["--kill-after-min", "0s", "--kill-after-max", "1s"];
        let wanted = ["drill", "partition", "--between", "witness", "--lasts", "5m"];
        let mut killed = self.estate.begin(&[&wanted[..], &soon[..]].concat());
        wait_for("a link to be cut", LIMIT, || note.exists().then_some(()));
        killed.kill().expect("it runs");
        killed.wait().expect("it ends");
        wait_for("the guard to make it whole", LIMIT, || {
            (!note.exists()).then_some(())
        });
        self.estate.wait_until_protected();

        let wanted = [
            "--between",
            "regions",
            "--direction",
            "in",
            "--lasts",
            "12s",
            "--rate",
            "3",
        ];
        let drill = Drill::measured(&self.estate, "partition", &[&wanted[..], &soon[..]].concat());
        drill.recount(&self.estate);
        let run = &drill.runs()[0];
        let fault = format!("nothing passes from {standby} to {active}");
        assert!(run["fault"].as_str().unwrap().starts_with(&fault), "{run}");
        let findings = run["disturbed"]["findings"].as_array().unwrap();
        let failed: Vec<_> = findings
            .iter()
            .filter(|finding| finding["held"] != true)
            .collect();
        assert!(failed.is_empty() && findings.len() >= 6, "{run}");
        assert!(!note.exists());
        assert_eq!(
            (self.estate.active(), self.generation()),
            (active.clone(), generation)
        );
        let accepted = writers.finish();
        assert!(
            accepted.iter().all(|write| write.region == active),
            "another region wrote"
        );
    }

    /// The leader's links to the controller and the world come and go: the standby hears it all the time.
    fn a_link_flaps(&self) {
        let (active, standby) = self.well();
        let generation = self.generation();
        let writers = Writers::start(&self.estate);
        let mut transcript = Transcript::begin(
            "flapping-link",
            &format!("the link between the controller and {active}, which leads, flaps"),
        );
        for _ in 0..FLAPS {
            self.network
                .set_both(&[CONTROLLER], &[active.as_str()], Link::CUT);
            let cut = Instant::now();
            self.heard_by(&mut transcript, &standby);
            writers.wait_for_write(&active, cut + FLAP[1]);
            self.network.set_both(&[CONTROLLER], &[active.as_str()], FAR);
            writers.wait_for_write(&active, Instant::now() + FLAP[0]);
            transcript.look(&self.estate);
        }
        transcript.did("the link is whole again");
        self.heal(&mut transcript);
        self.nothing_moved(&transcript, &active, generation, writers);
        transcript.end(&self.estate);
    }

    /// The controller hears the leader, and no request reaches it: what nobody can use is moved to where it can be used.
    fn the_world_does_not_reach_the_leader(&self) {
        let (active, heir) = self.well();
        let writers = Writers::start(&self.estate);
        writers.wait_for_write(&active, Instant::now());
        let mut transcript = Transcript::begin(
            "front-door-and-leader-one-way",
            &format!(
                "nothing passes from {active}, which leads, to the front door; the other direction does"
            ),
        );
        self.network.set(&[active.as_str()], &[FRONT_DOOR], Link::CUT);
        self.wait(&mut transcript, "the other region leads", |status| {
            status["active"] == heir.as_str() && status["running"].is_null()
        });
        writers.wait_for_write(&heir, Instant::now());
        transcript.look(&self.estate);
        assert_eq!(
            Writers::moves(&writers.finish()),
            1,
            "two regions accepted writes"
        );
        assert!(transcript.decided(
            &self.estate,
            "the front door has not reached the active region for"
        ));
        let text = transcript.end(&self.estate);
        assert!(
            text.contains(&format!("the front door does not reach {active}")),
            "{text}"
        );
    }

    // === what the cases share ===

    fn exposed(&self, transcript: &mut Transcript) {
        self.wait(transcript, "the loss of protection to be said", |status| {
            status["protection"]["exposed"]["because"].is_array()
        });
    }

    /// Who leads and who stands by, once all is well.
    fn well(&self) -> (RegionName, RegionName) {
        self.estate.wait_until_protected();
        let active = self.estate.active();
        let standby = self.estate.other(&active);
        (active, standby)
    }

    fn generation(&self) -> u64 {
        let status = self.estate.status_told();
        status["generation"].as_u64().expect("a number")
    }

    fn wait(&self, transcript: &mut Transcript, what: &str, done: impl Fn(&serde_json::Value) -> bool) {
        wait_for(what, LIMIT, || {
            let status = transcript.look(&self.estate)?;
            done(&status).then_some(())
        });
    }

    fn heal(&self, transcript: &mut Transcript) {
        self.wait(transcript, "the estate to be protected again", |status| {
            status["protection"] == "protected"
        });
    }

    /// The same region leads in the same generation, and nobody else ever wrote.
    fn nothing_moved(&self, transcript: &Transcript, active: &RegionName, generation: u64, writers: Writers) {
        assert_eq!(
            (self.estate.active(), self.generation()),
            (active.clone(), generation)
        );
        let accepted = writers.finish();
        assert!(
            accepted.iter().all(|write| write.region == *active),
            "another region wrote"
        );
        assert!(
            !transcript.decided(&self.estate, "failing over"),
            "a failover was begun"
        );
    }
}
