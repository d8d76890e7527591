//! The gate: packs made ready, and what they say about an input.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use regorus::Value;
use serde::Deserialize;

use crate::{
    Error, Finding, Input, Module, Pack, Place, Policy, Report, Severity, Waiver, builtin, code,
    document::text_of,
    engine::Rego,
    input::{Lines, View},
    policy::read_policies,
    report::GATE,
    units::units,
    waiver::judge_waivers,
};

/// Where packs' packages live.
const PACKAGES: &str = "data.plimsoll.policies";
/// The package that puts all packs' rules together.
const GATHERED: &str = "data.plimsoll.gate";

/// What a rule looks at, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// The blueprint alone.
    Blueprint,
    /// One unit at a time: what a cluster applies, or a directory.
    Unit,
    /// Everything at once.
    Tree,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Blueprint, Self::Unit, Self::Tree];

    /// What rules that look at it are called.
    const fn rule(self) -> &'static str {
        match self {
            Self::Blueprint => "deny_blueprint",
            Self::Unit => "deny_unit",
            Self::Tree => "deny",
        }
    }
}

/// Packs, made ready to judge any number of inputs. Clones are cheap and may work on threads of their own.
#[derive(Clone)]
pub struct Gate {
    rego: Rego,
    policies: BTreeMap<Arc<str>, Policy>,
    scopes: BTreeSet<Scope>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("policies", &self.policies.keys())
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Makes packs ready and judges one input: [`Gate::new`] and [`Gate::evaluate`] in one.
///
/// # Errors
/// As those two.
pub fn evaluate(
    packs: &[Pack],
    input: Input<'_>,
    waivers: &[Waiver],
    today: Date,
) -> Result<Report, Vec<Error>> {
    Gate::new(packs)?
        .evaluate(input, waivers, today)
        .map_err(|error| vec![error])
}

impl Gate {
    /// Makes packs ready. Their test files are left out.
    ///
    /// # Errors
    /// Everything that is wrong with the packs: Rego, packages, tables of policies.
    pub fn new(packs: &[Pack]) -> Result<Self, Vec<Error>> {
        let (mut rego, mut errors) = (load_library()?, Vec::new());
        let mut scopes = BTreeSet::new();
        let mut tables: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut gathered = String::from("package plimsoll.gate\n");
        let mut names = BTreeSet::new();
        for pack in packs {
            if !names.insert(pack.name()) {
                errors.push(Error::new(
                    code::BAD_PACK,
                    format!("there are two packs called `{}`", pack.name()),
                ));
                continue;
            }
            let mut declared = BTreeSet::new();
            for module in pack.modules().iter().filter(|module| !module.is_test()) {
                match rego
                    .add(module)
                    .and_then(|package| check_package(pack, module, package))
                {
                    Ok(package) => {
                        for scope in Scope::ALL {
                            if rego.declares(module, scope.rule()) {
                                declared.insert((scope, package.clone()));
                            }
                        }
                        if rego.declares(module, "policies") {
                            tables.entry(pack.name()).or_default().insert(package);
                        }
                    }
                    Err(error) => errors.push(error),
                }
            }
            for (scope, package) in declared {
                scopes.insert(scope);
                gathered += &format!(
                    "{} contains {{\"pack\": \"{}\", \"finding\": f}} if some f in {package}.{}\n",
                    scope.rule(),
                    pack.name(),
                    scope.rule(),
                );
            }
        }
        let gathered = Module {
            path: "plimsoll/gate.rego".to_owned(),
            text: gathered,
        };
        if let Err(error) = rego.add(&gathered) {
            errors.push(error);
        }
        // What is wrong between modules shows only now, so it is looked for only when each of them is fine.
        let policies = if errors.is_empty() {
            read_tables(&mut rego, packs, &tables, &mut errors)
        } else {
            BTreeMap::new()
        };
        if policies.is_empty() && errors.is_empty() {
            let nothing = Error::new(code::BAD_PACK, "there are no policies");
            errors.push(
                nothing.hint("a gate without policies would let everything pass; name at least one pack"),
            );
        }
        if errors.is_empty() {
            Ok(Self {
                rego,
                policies,
                scopes,
            })
        } else {
            Err(errors)
        }
    }

    /// The policies of all packs, by code.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// Judges an input on a day.
    ///
    /// # Errors
    /// When a rule fails, takes too many steps, or returns something else than findings. What is wrong with the *input*
    /// or with a waiver is a finding.
    pub fn evaluate(&self, input: Input<'_>, waivers: &[Waiver], today: Date) -> Result<Report, Error> {
        let mut run = Run {
            rego: self.rego.clone(),
            policies: &self.policies,
            blueprint: blueprint_value(input)?,
            today,
            findings: Vec::new(),
        };
        if input.blueprint.is_some() && self.scopes.contains(&Scope::Blueprint) {
            run.judge(Scope::Blueprint, View::default(), None)?;
        }
        if self.scopes.contains(&Scope::Unit) {
            for (unit, files) in units(input.files) {
                let view = run.view(&files);
                run.judge(Scope::Unit, view, Some(unit))?;
            }
        }
        if self.scopes.contains(&Scope::Tree) {
            let files: Vec<_> = input
                .files
                .iter()
                .map(|(path, text)| (path.as_str(), text))
                .collect();
            let view = run.view(&files);
            run.judge(Scope::Tree, view, None)?;
        }
        let (findings, waived) = judge_waivers(run.findings, waivers, &self.policies, today);
        Ok(Report::new(
            findings,
            waived,
            self.policies.values().cloned().collect(),
            input.files.iter().count(),
        ))
    }
}

/// One evaluation under way.
struct Run<'g> {
    rego: Rego,
    policies: &'g BTreeMap<Arc<str>, Policy>,
    blueprint: Value,
    today: Date,
    findings: Vec<Finding>,
}

impl Run<'_> {
    /// Reads files; those that cannot be read are found.
    fn view(&mut self, files: &[(&str, &str)]) -> View {
        let mut view = View::default();
        for (path, text) in files {
            if let Err(error) = view.add(path, text) {
                self.findings.push(Finding {
                    code: code::UNREADABLE_FILE.into(),
                    severity: Severity::Error,
                    title: "Rendered files are what their names say".into(),
                    pack: GATE.into(),
                    at: (*path).to_owned(),
                    message: error.message,
                    hint: "correct the renderer: a file that cannot be read cannot be judged".to_owned(),
                    place: Some(Place {
                        path: (*path).to_owned(),
                        line: error.line,
                    }),
                });
            }
        }
        view
    }

    fn judge(&mut self, scope: Scope, mut view: View, unit: Option<&str>) -> Result<(), Error> {
        let lines = view.take_lines();
        let mut value = view.into_value();
        if let Ok(fields) = value.as_object_mut() {
            fields.insert("today".into(), self.today.to_string().into());
            fields.insert("blueprint".into(), self.blueprint.clone());
            if let Some(unit) = unit {
                fields.insert("unit".into(), unit.into());
            }
        }
        self.rego.set_input(value);
        let found = self.rego.eval(&format!("{GATHERED}.{}", scope.rule()))?;
        let Ok(found) = found.as_set() else {
            return Ok(());
        };
        for entry in found.iter_sorted() {
            let finding = read_finding(entry, self.policies, &lines)?;
            self.findings.push(finding);
        }
        Ok(())
    }
}

/// An interpreter that knows what everyone may use.
pub(crate) fn load_library() -> Result<Rego, Vec<Error>> {
    let mut rego = Rego::new().map_err(|error| vec![error])?;
    for (path, text) in builtin::LIBRARY {
        let module = Module {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        rego.add(&module).map_err(|error| vec![error])?;
    }
    Ok(rego)
}

/// A pack's modules live in its own package, so that no pack changes another.
fn check_package(pack: &Pack, module: &Module, package: String) -> Result<String, Error> {
    let own = format!("{PACKAGES}.{}", pack.name());
    let inside = package
        .strip_prefix(&own)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if inside {
        return Ok(package);
    }
    let wanted = own.trim_start_matches("data.");
    let message = format!(
        "{}: a module of the pack `{}` is in the package `{}`",
        module.path,
        pack.name(),
        package.trim_start_matches("data.")
    );
    Err(Error::new(code::BAD_PACK, message).hint(format!("begin it with `package {wanted}`")))
}

fn read_tables(
    rego: &mut Rego,
    packs: &[Pack],
    tables: &BTreeMap<&str, BTreeSet<String>>,
    errors: &mut Vec<Error>,
) -> BTreeMap<Arc<str>, Policy> {
    let mut policies: BTreeMap<Arc<str>, Policy> = BTreeMap::new();
    for pack in packs {
        let Some(packages) = tables.get(pack.name()) else {
            errors.push(Error::new(
                code::BAD_PACK,
                format!("pack `{}` has no table `policies`", pack.name()),
            ));
            continue;
        };
        for package in packages {
            let table = match rego.eval_path(&format!("{package}.policies")) {
                Ok(table) => table,
                Err(error) => {
                    // Analysis of all modules together fails on the first evaluation: that is about the text.
                    let code = if error.code == code::EVALUATION {
                        code::BAD_REGO
                    } else {
                        error.code
                    };
                    errors.push(Error { code, ..error });
                    return policies;
                }
            };
            match read_policies(pack.name(), &table) {
                Ok(read) => {
                    for policy in read {
                        if policy.code.starts_with("PL") && !pack.is_builtin() {
                            errors.push(
                                Error::new(
                                    code::BAD_PACK,
                                    format!(
                                        "pack `{}`: the code `{}` is one of Plimsoll's",
                                        pack.name(),
                                        policy.code
                                    ),
                                )
                                .hint("begin your codes with letters of your own"),
                            );
                        } else if let Some(first) = policies.insert(policy.code.clone(), policy.clone()) {
                            errors.push(Error::new(
                                code::BAD_PACK,
                                format!(
                                    "the code `{}` is used by the packs `{}` and `{}`",
                                    first.code,
                                    first.pack,
                                    pack.name()
                                ),
                            ));
                        }
                    }
                }
                Err(bad) => errors.extend(bad),
            }
        }
    }
    policies
}

fn blueprint_value(input: Input<'_>) -> Result<Value, Error> {
    input.blueprint.map_or(Ok(Value::Null), |blueprint| {
        Value::deserialize(blueprint).map_err(|error| {
            Error::new(
                code::EVALUATION,
                format!("the blueprint cannot be handed to rules: {error}"),
            )
        })
    })
}

fn read_finding(
    entry: &Value,
    policies: &BTreeMap<Arc<str>, Policy>,
    lines: &Lines,
) -> Result<Finding, Error> {
    let pack = text_of(&entry["pack"]).unwrap_or_default();
    let finding = &entry["finding"];
    let bad = |message: &str| {
        Error::new(code::BAD_PACK, format!("pack `{pack}`: {message}: {finding}"))
            .hint("a finding is {\"code\": …, \"at\": …, \"message\": …} and may have a \"hint\"")
    };
    let field = |name: &str| text_of(&finding[name]);
    let (Some(code), Some(at), Some(message)) = (field("code"), field("at"), field("message")) else {
        return Err(bad("a rule returned something else than a finding"));
    };
    let Some(policy) = policies.get(code).filter(|policy| policy.pack.as_ref() == pack) else {
        return Err(bad("a rule returned a code that is not in the pack's table"));
    };
    let path = at.split_once('#').map_or(at, |(path, _)| path);
    let line = match finding["line"].as_u32() {
        Ok(line) => Some(line),
        Err(_) => lines.of(at),
    };
    Ok(Finding {
        code: policy.code.clone(),
        severity: policy.severity,
        title: policy.title.clone(),
        pack: policy.pack.clone(),
        at: at.to_owned(),
        message: message.to_owned(),
        hint: field("hint").unwrap_or(&policy.fix).to_owned(),
        place: line.map(|line| Place {
            path: path.to_owned(),
            line,
        }),
    })
}
