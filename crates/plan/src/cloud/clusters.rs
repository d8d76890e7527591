//! Clusters of a region and their pools of nodes.
//!
//! A pool has room for the least that runs after it lost one zone, and may grow to the most that may run, so that a
//! failover or a peak waits for machines and not for people. Packing pods is never perfect: each node is counted
//! without half of the largest pod.

use core::net::Ipv4Addr;

use estate::ClusterIsolation;
use types::{ByteSize, StampName};

use super::{
    Notes, Problem, addresses,
    blueprint::{Cluster, DatabaseEngine, NodePool, NodePoolPurpose, Placement, Subnet, SubnetPurpose},
    catalogue::{self, Machine},
    environment::{Place, Planner, Sized},
    names::longest,
};

/// One version behind the newest that AKS offers: its holes are known and patched, and there is a year left.
const KUBERNETES_VERSION: &str = "1.34";
/// A pool of more nodes than this is made of larger ones.
const NODES_COMFORTABLE: u64 = 12;
/// Ingress, monitoring, GitOps and the operators fit on small nodes until a cluster has many stamps.
const STAMPS_SMALL: usize = 50;
const SYSTEM_MACHINES: [&str; 2] = ["Standard_D4s_v5", "Standard_D8s_v5"];
const SYSTEM_GROWTH: u16 = 3;

/// Cores and memory of pods.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    cpu_millis: u64,
    memory: u64,
}

impl Work {
    fn add(&mut self, pods: u64, one: Self) {
        self.cpu_millis = self
            .cpu_millis
            .saturating_add(one.cpu_millis.saturating_mul(pods));
        self.memory = self.memory.saturating_add(one.memory.saturating_mul(pods));
    }
}

/// What a pool must carry.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    least: Work,
    most: Work,
    /// The largest pod, by cores and by memory.
    largest: Work,
}

impl Demand {
    fn pods(&mut self, least: u16, most: u16, one: Work) {
        self.least.add(u64::from(least), one);
        self.most.add(u64::from(most), one);
        if most > 0 {
            self.largest.cpu_millis = self.largest.cpu_millis.max(one.cpu_millis);
            self.largest.memory = self.largest.memory.max(one.memory);
        }
    }
}

impl<'e> Planner<'_, 'e> {
    /// Name of the cluster that a stamp runs in.
    pub(super) fn cluster_of(&self, place: &Place<'e>, sized: &Sized<'e>) -> String {
        let region = &place.region.name;
        match sized.estate.cluster {
            ClusterIsolation::Namespace => self.regional(region, &[], longest::CLUSTER),
            ClusterIsolation::Cluster => self.regional(region, &[sized.name.as_str()], longest::CLUSTER),
        }
    }

    /// Clusters of a region: the common one, then those of single stamps, by name.
    pub(super) fn clusters(
        &self,
        place: &Place<'e>,
        placed: &[(&Sized<'e>, Placement)],
        subnets: &[Subnet],
        notes: &mut Notes,
    ) -> Vec<Cluster> {
        let (own, common): (Vec<_>, Vec<_>) = placed
            .iter()
            .partition(|(sized, _)| sized.estate.cluster == ClusterIsolation::Cluster);
        let mut clusters = Vec::new();
        if !common.is_empty() {
            clusters.push(self.cluster(place, &common, notes));
        }
        for one in own {
            clusters.push(self.cluster(place, &[one], notes));
        }
        self.check_room(place, &clusters, subnets, notes);
        clusters
    }

    fn cluster(&self, place: &Place<'e>, placed: &[&(&Sized<'e>, Placement)], notes: &mut Notes) -> Cluster {
        let region = &place.region.name;
        let services = self.addresses.services;
        let stamps: Vec<StampName> = placed.iter().map(|(sized, _)| sized.name.clone()).collect();
        let name = placed
            .first()
            .map_or_else(String::new, |(_, placement)| placement.cluster.clone());
        Cluster {
            gitops_path: format!(
                "kubernetes/environments/{}/regions/{region}/clusters/{name}",
                self.name
            ),
            name,
            kubernetes_version: KUBERNETES_VERSION.to_owned(),
            paid_control_plane: self.environment.stage != estate::Stage::Development,
            pod_addresses: self.addresses.pods,
            service_addresses: services,
            // The tenth, where everybody looks for it; the first is the API's.
            dns_address: Ipv4Addr::from(u32::from(services.network()).saturating_add(10)),
            node_pools: self.node_pools(place, placed, notes),
            stamps,
        }
    }

    fn node_pools(
        &self,
        place: &Place<'e>,
        placed: &[&(&Sized<'e>, Placement)],
        notes: &mut Notes,
    ) -> Vec<NodePool> {
        let mut interactive = Demand::default();
        let mut background = Demand::default();
        let mut data = Demand::default();
        for (sized, placement) in placed {
            // A cold standby is planned as it will be once it is built.
            let workloads = if placement.workloads.is_empty() {
                &sized.sizes.leading
            } else {
                &placement.workloads
            };
            for one in workloads {
                let demand = match one.node_pool {
                    NodePoolPurpose::Interactive => &mut interactive,
                    NodePoolPurpose::Background => &mut background,
                    NodePoolPurpose::System | NodePoolPurpose::Data => continue,
                };
                let pod = Work {
                    cpu_millis: u64::from(one.cpu_millis),
                    memory: one.memory.get(),
                };
                let most = one.replicas_max.max(one.replicas_leading);
                demand.pods(one.replicas_min, most, pod);
                self.check_fits(sized.name, one.kind.as_str(), pod, notes);
            }
            let gateway = &sized.sizes.journal;
            interactive.pods(
                1,
                1,
                Work {
                    cpu_millis: u64::from(gateway.cpu_millis),
                    memory: gateway.memory.get(),
                },
            );
            if let DatabaseEngine::CloudNativePg(postgres) = &placement.database.engine {
                let pod = Work {
                    cpu_millis: u64::from(placement.database.cores) * 1000,
                    memory: placement.database.memory.get(),
                };
                let instances = u16::from(postgres.instances);
                data.pods(instances, instances, pod);
                self.check_fits(sized.name, "database", pod, notes);
            }
        }
        notes.report.decide_at(
            "clusters",
            &format!("{}/{}", self.name, place.region.name),
            &format!("Kubernetes {KUBERNETES_VERSION}; pools for the system, for what people wait for, for what may be late, and for PostgreSQL where it runs inside"),
            "each fails and grows alone; a pool keeps its least after the loss of a zone (but for what may be late), and its zones cannot be changed later",
        );
        let mut pools = vec![self.system_pool(place, placed.len())];
        pools.extend(self.pool(place, NodePoolPurpose::Interactive, interactive));
        pools.extend(self.pool(place, NodePoolPurpose::Background, background));
        pools.extend(self.pool(place, NodePoolPurpose::Data, data));
        pools
    }

    fn system_pool(&self, place: &Place<'e>, stamps: usize) -> NodePool {
        let zones = u16::try_from(place.region.zones.len()).unwrap_or(3);
        let nodes_min = if self.is_waited_for() { zones.max(2) } else { 1 };
        NodePool {
            name: NodePoolPurpose::System.as_str().to_owned(),
            purpose: NodePoolPurpose::System,
            vm_size: SYSTEM_MACHINES[usize::from(stamps > STAMPS_SMALL)].to_owned(),
            zones: place.region.zones.clone(),
            nodes_min,
            nodes_max: nodes_min + SYSTEM_GROWTH,
        }
    }

    fn pool(&self, place: &Place<'e>, purpose: NodePoolPurpose, demand: Demand) -> Option<NodePool> {
        if demand.most.memory == 0 {
            return None;
        }
        let zones = place.region.zones.len().max(1) as u64;
        let (machine, least, most) = match purpose {
            // Instances are copies of each other and stay where their disks are: a lost zone is not made up for.
            NodePoolPurpose::Data => {
                let zones = if self.is_waited_for() { zones } else { 1 };
                let (machine, nodes) = choose_data_machine(&demand, zones)?;
                (machine, nodes, nodes)
            }
            // What may be late does not have to survive a zone.
            NodePoolPurpose::Background => {
                let (machine, most) = choose_machine(&demand)?;
                (machine, nodes(&demand, demand.least, machine), most)
            }
            NodePoolPurpose::System | NodePoolPurpose::Interactive => {
                let (machine, most) = choose_machine(&demand)?;
                let least = nodes(&demand, demand.least, machine).max(1);
                (
                    machine,
                    self.with_spare(least, zones),
                    self.with_spare(most, zones),
                )
            }
        };
        Some(NodePool {
            name: purpose.as_str().to_owned(),
            purpose,
            vm_size: machine.name.to_owned(),
            zones: place.region.zones.clone(),
            nodes_min: u16::try_from(least).unwrap_or(u16::MAX),
            // One more, for the pods of a release that come before the old ones go.
            nodes_max: u16::try_from(most.max(least) + 1).unwrap_or(u16::MAX),
        })
    }

    /// Nodes that still suffice when a zone, or where there is only one a node, is lost.
    fn with_spare(&self, nodes: u64, zones: u64) -> u64 {
        match (self.is_waited_for(), zones) {
            (false, _) => nodes,
            (true, 1) => nodes + 1,
            (true, zones) => (nodes * zones).div_ceil(zones - 1).max(zones),
        }
    }

    fn check_fits(&self, stamp: &StampName, what: &'static str, pod: Work, notes: &mut Notes) {
        let mut all = catalogue::machines(pod.cpu_millis, ByteSize::new(pod.memory));
        if !all.any(|machine| fits(machine, pod)) {
            let problem = Problem::NoMachine {
                stamp: stamp.clone(),
                what,
                cpu_millis: pod.cpu_millis,
                memory: ByteSize::new(pod.memory),
            };
            if !notes.problems.contains(&problem) {
                notes.problems.push(problem);
            }
        }
    }

    fn check_room(&self, place: &Place<'e>, clusters: &[Cluster], subnets: &[Subnet], notes: &mut Notes) {
        let of_cluster = |cluster: &Cluster| -> u64 {
            let pools = cluster.node_pools.iter();
            pools.map(|pool| u64::from(pool.nodes_max)).sum()
        };
        let of_nodes = subnets
            .iter()
            .find(|subnet| subnet.purpose == SubnetPurpose::Nodes);
        let room = of_nodes.map_or(0, |subnet| addresses::nodes_most(&subnet.addresses));
        let all = (clusters.iter().map(of_cluster).sum(), room);
        // Clusters share the subnet; pods of each have addresses of its own.
        let largest = clusters.iter().map(of_cluster).max().unwrap_or(0);
        for (nodes, room) in [all, (largest, addresses::nodes_with_pods(&self.addresses.pods))] {
            if nodes > room {
                notes.problems.push(Problem::TooManyNodes {
                    environment: self.name.clone(),
                    region: place.region.name.clone(),
                    addresses: place.addresses,
                    nodes,
                    room,
                });
                return;
            }
        }
    }
}

fn fits(machine: &Machine, pod: Work) -> bool {
    let (cpu_millis, memory) = catalogue::allocatable(machine);
    pod.cpu_millis <= cpu_millis && pod.memory <= memory.get()
}

/// The smallest machine that has room for the largest pod twice and needs a comfortable number of nodes; where there is
/// none, the largest that has room at all.
fn choose_machine(demand: &Demand) -> Option<(&'static Machine, u64)> {
    let mut last = None;
    for machine in catalogue::machines(demand.most.cpu_millis, ByteSize::new(demand.most.memory)) {
        if !fits(machine, demand.largest) {
            continue;
        }
        let most = nodes(demand, demand.most, machine);
        let twice = Work {
            cpu_millis: demand.largest.cpu_millis * 2,
            memory: demand.largest.memory * 2,
        };
        if most <= NODES_COMFORTABLE && fits(machine, twice) {
            return Some((machine, most));
        }
        // Of two that do, the larger one, but not the other family's small ones after this family's large ones.
        if last.is_none_or(|(_, fewest)| most < fewest) {
            last = Some((machine, most));
        }
    }
    last
}

/// The machine that wastes least, and how many: at least one in each zone, because copies in one zone fail together.
fn choose_data_machine(demand: &Demand, zones: u64) -> Option<(&'static Machine, u64)> {
    catalogue::machines(demand.most.cpu_millis, ByteSize::new(demand.most.memory))
        .filter(|machine| fits(machine, demand.largest))
        .map(|machine| {
            let (cpu_millis, memory) = catalogue::allocatable(machine);
            // Of the largest pod so many fit on a node; smaller ones fit as well or better.
            let each = (cpu_millis / demand.largest.cpu_millis.max(1))
                .min(memory.get() / demand.largest.memory.max(1))
                .max(1);
            let pods = (demand.most.cpu_millis.div_ceil(demand.largest.cpu_millis.max(1)))
                .max(demand.most.memory.div_ceil(demand.largest.memory.max(1)));
            (machine, pods.div_ceil(each).max(zones))
        })
        .min_by_key(|(machine, nodes)| {
            (
                u64::from(machine.cores) * nodes * (machine.memory.get() >> 30),
                *nodes,
            )
        })
}

/// Nodes for so much work.
fn nodes(demand: &Demand, work: Work, machine: &Machine) -> u64 {
    let (cpu_millis, memory) = catalogue::allocatable(machine);
    // Half of the largest pod stays empty on average where the next one does not fit any more.
    let cpu_millis = cpu_millis.saturating_sub(demand.largest.cpu_millis / 2).max(1);
    let memory = memory.get().saturating_sub(demand.largest.memory / 2).max(1);
    work.cpu_millis
        .div_ceil(cpu_millis)
        .max(work.memory.div_ceil(memory))
}
