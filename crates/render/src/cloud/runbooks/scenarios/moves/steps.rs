//! The steps of a move, from one region to the other.

use crate::{
    cloud::runbooks::{
        commands::{Classes, Hold, Promotion},
        ground::{Ground, Place},
    },
    markdown::{Markdown, Step, code},
};

/// Moves every stamp that has somewhere to go.
pub(super) struct Move<'g, 'b> {
    pub(super) ground: &'g Ground<'b>,
    pub(super) promotion: Promotion,
}

impl Move<'_, '_> {
    pub(super) fn steps(&self, page: &mut Markdown, from: &Place<'_>, to: &Place<'_>) {
        let planned = self.promotion == Promotion::Planned;
        page.step(&access(from, to));
        page.step(&hold(from, to));
        page.step(&self.close(from, to));
        page.step(&stop(from, planned));
        page.step(&self.fence(from, planned));
        page.step(&lag(to, planned));
        page.step(&self.promote(from, to));
        page.step(&start(to));
        page.step(&self.open(from, to));
        page.step(&self.prove());
        page.step(&reconcile(to, planned));
        page.step(&release(to));
    }

    fn close(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let home = from.region.name.as_str();
        let mut commands = vec![self.ground.origin(home, home, "Disabled")];
        commands.push(self.ground.origins(home));
        Step::new("Close the front door to the old region", 2)
            .know("People see errors from here on; partners keep what they want to send and try again.")
            .know(format!(
                "This closes the region for every stamp in it: do all stamps of {} together.",
                code(home)
            ))
            .run(commands)
            .right(
                format!("the list shows {} as `Disabled` and {} is not `Enabled` yet.", code(home), code(to.region.name.as_str())),
                "Azure's portal can do the same: Front Door, origin groups. Without it, go on: the fence is what counts.",
            )
    }

    fn fence(&self, from: &Place<'_>, planned: bool) -> Step {
        let step = Step::new("Fence the old database", 2);
        match (from.fence(), from.fenced()) {
            (Some(fence), Some(fenced)) => step
                .run([fence, fenced])
                .right(
                    "every pod of the cluster shows `0/1` ready: PostgreSQL is stopped in all of them.",
                    if planned {
                        "stop here and open the old region again; nothing has been lost."
                    } else {
                        "the old side may still write. If the cluster cannot be reached, close its network (next line of defence: the region's database subnet), or two people of the authority accept a stated loss in writing."
                    },
                ),
            _ if planned => step.know("Nothing to do: the planned promotion below stops the old server before it starts the new one."),
            _ => step
                .know("A Flexible Server has no fence of its own.")
                .know("If the old server still answers, do not force: use `--promote-option planned` in the promotion below, which stops it first.")
                .know("If it does not answer, Azure makes it a replica when it comes back; until then nothing can reach it through the virtual endpoint.")
                .right("you know which of the two holds.", "ask: two people of the authority accept a stated loss in writing."),
        }
    }

    fn promote(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let step = Step::new(
            format!("Promote the database of {}", code(to.region.name.as_str())),
            if to.flexible_server().is_some() { 5 } else { 1 },
        );
        let Some(command) = to.promote(self.promotion) else {
            return step
                .know(format!("{} is cold: there is no database to promote.", code(to.region.name.as_str())))
                .know("Restore it there first: [Restore everything, in waves](mass-restore.md), then come back to the next step.");
        };
        let check = to.ask("SELECT pg_is_in_recovery()");
        step.run(std::iter::once(command).chain(check)).right(
            "the answer is `f`: it accepts writes.",
            if from.flexible_server().is_some() {
                "wait five minutes and ask again; then open a support case with Azure (severity A) and keep the front door closed."
            } else {
                "look at the cluster's events with `kubectl describe cluster.postgresql.cnpg.io`; do not lift the fence of the old one."
            },
        )
    }

    fn open(&self, from: &Place<'_>, to: &Place<'_>) -> Step {
        let (home, away) = (from.region.name.as_str(), to.region.name.as_str());
        Step::new("Open the front door to the new region", 3)
            .run([
                self.ground.origin(away, home, "Enabled"),
                self.ground.origins(home),
            ])
            .right(
                format!("only {} is `Enabled`.", code(away)),
                "if both are enabled, disable the old one at once.",
            )
    }

    fn prove(&self) -> Step {
        let checks: Vec<String> = self
            .ground
            .environment
            .watching
            .synthetic
            .iter()
            .map(|check| check.url.clone())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .take(3)
            .map(|url| {
                let url = crate::markdown::word(&format!("{url}/web/login"));
                format!(
                    "curl --silent --output /dev/null --write-out '%{{http_code}} %{{time_total}}\\n' {url}"
                )
            })
            .collect();
        Step::new("See that it works", 5)
            .know("In the order of recovery, on the page of each capability: a real transaction, accepted and read back.")
            .run(checks)
            .right("`200`, and the first capability's transaction is read back.", "look at the page of the capability that fails.")
    }
}

fn access(from: &Place<'_>, to: &Place<'_>) -> Step {
    let commands = vec![to.credentials(), from.credentials(), to.kubectl("get pods")];
    Step::new("Get access to both clusters", 2)
        .know("Ask for your rights first (they are granted for a limited time), and say why.")
        .run(commands)
        .right(
            "pods are listed. In a disaster the second command may fail: that is what happened.",
            "look at [The control plane is lost](control-plane-loss.md): access without the usual way in.",
        )
}

fn hold(from: &Place<'_>, to: &Place<'_>) -> Step {
    Step::new("Keep Flux from undoing it", 1)
        .know("In both regions: a region that comes back would start Odoo again.")
        .run([to.hold(Hold::Suspend), from.hold(Hold::Suspend)])
        .right(
            "each command answers `patched`; the second may fail where the region is gone.",
            "do not go on before the first one does: Flux would scale back what you do next.",
        )
}

fn stop(from: &Place<'_>, planned: bool) -> Step {
    let otherwise = if planned {
        "stop here; nothing has been lost."
    } else {
        "if the region cannot be reached, go on: the fence decides."
    };
    Step::new("Stop Odoo in the old region", 2)
        .run(from.stop_odoo())
        .right(
            "`kubectl get pods` shows no `odoo-` pods after two minutes.",
            otherwise,
        )
}

fn lag(to: &Place<'_>, planned: bool) -> Step {
    let step = Step::new("See how much the standby lacks", 1);
    let sql = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn(), now() - pg_last_xact_replay_timestamp()";
    match to.ask(sql) {
        Some(command) => step
            .know("Write the three values down: they are the stated loss.")
            .run([command])
            .right(
                if planned {
                    "`t`, and the time is that of the last commit before Odoo stopped."
                } else {
                    "`t`, and a time that whoever may say so accepts."
                },
                "a standby that stopped streaming hours ago is not promoted: wait for the region, or restore.",
            ),
        None => step.know("There is no standby database: the newest backup says what is lost."),
    }
}

fn start(to: &Place<'_>) -> Step {
    Step::new("Start what people and partners wait for", 3)
        .know("Not the scheduler and not the workers: mail and documents leave by them, so they are the hold.")
        .know("A warm standby starts small: these numbers are what it must have while it leads.")
        .run(to.start(Classes::Serving))
        .run([to.kubectl("get deployments")])
        .right(
            "`odoo-web` and `odoo-integration` are ready.",
            "if pods are `Pending`, the region has no room: start `odoo-integration` and `odoo-web` first and leave the others at 0.",
        )
}

fn reconcile(to: &Place<'_>, planned: bool) -> Step {
    let step = Step::new("Reconcile messages", 10);
    let lead = to.lead(!planned);
    if lead.is_empty() {
        return step.know("This stamp has no integration: there is nothing to reconcile.");
    }
    step.know("A gateway delivers only after it has been told to lead, with a generation larger than any before.")
        .know("The controller does that by itself where it runs; on Azure it is by hand, with the controller's certificate from the internal authority, for each gateway of the stamp.")
        .know("Then the gateway asks the database which messages it has, and applies what is missing, in order, by itself.")
        .run(lead)
        .run([to.kubectl("logs --selector app.kubernetes.io/name=gateway --tail=200 --prefix")])
        .right(
            "the log says for each integration how many were missing, applied and already there, and dead letters are 0.",
            "an older generation is refused: take a larger one. Leave the scheduler at 0 and give what is missing to the owners.",
        )
}

fn release(to: &Place<'_>) -> Step {
    let lanes: Vec<String> = to
        .stamp
        .lanes
        .iter()
        .filter(|lane| lane.direction == estate::Direction::Outbound)
        .map(|lane| code(lane.name.as_str()))
        .collect();
    let step = Step::new("Release what the ERP sends", 5)
        .know("Only after reconciliation. Look first at what waits: Settings, Technical, Emails; and each outbox.")
        .know("What was sent before the loss and whose record is gone must not be sent again: cancel it there.");
    let step = if lanes.is_empty() {
        step
    } else {
        step.know(format!("Outbound integrations here: {}.", lanes.join(", ")))
    };
    step.run(to.start(Classes::Background)).right(
        "nothing was sent twice: numbers of partners' acknowledgements go on without a gap.",
        "scale `odoo-scheduler` and `odoo-worker` to 0 again and call the partner.",
    )
}
