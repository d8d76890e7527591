//! A stack: a directory with a state of its own.
//!
//! ```text
//! terraform.tf     versions, where the state is, the provider
//! variables.tf     what is not known when the tree is rendered, and must not be in it
//! locals.tf        resource groups as ids, tags
//! main.tf          calls of modules, with the decided values
//! outputs.tf       what later stacks and people need
//! example.tfvars   values of the right shape, to copy
//! ```
//!
//! Stacks never read each other's state: whoever may read a state may read all that is in it, and a lost region's state
//! must not stop the other one. Names are decided before anything is rendered, so ids are made of names. The few facts
//! that only Azure knows are handed on as variables.

use std::collections::{BTreeMap, BTreeSet};

use types::FileTree;

use crate::{
    Error,
    hcl::{Block, Body, Expression, template},
};

/// A stack that is being put together.
pub(super) struct Stack {
    path: String,
    state_key: String,
    variables: Vec<Variable>,
    locals: Vec<(String, Expression)>,
    main: Body,
    outputs: Vec<(String, &'static str, Expression)>,
    modules: BTreeSet<&'static str>,
}

/// Something that is not known when the tree is rendered.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
    pub(super) default: Option<Expression>,
    pub(super) example: Expression,
    pub(super) secrecy: Secrecy,
}

/// Whether Terraform may show a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// It may.
    Open,
    /// It may not.
    Secret,
}

// === impl Stack ===

impl Stack {
    /// A stack in a directory below `terraform/`.
    pub(super) fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let state_key = path.strip_prefix("environments/").unwrap_or(&path).to_owned();
        let mut stack = Self {
            path,
            state_key,
            variables: Vec::new(),
            locals: Vec::new(),
            main: Body::new(),
            outputs: Vec::new(),
            modules: BTreeSet::new(),
        };
        stack.variable(Variable {
            name: "subscription_id",
            kind: "string",
            description: "Subscription that everything here is in.",
            default: None,
            example: "00000000-0000-0000-0000-000000000001".into(),
            secrecy: Secrecy::Open,
        });
        stack
    }

    /// Declares a variable, once however often it is needed, and refers to it.
    pub(super) fn variable(&mut self, variable: Variable) -> Expression {
        let reference = Expression::var(variable.name);
        if self.variables.iter().all(|known| known.name != variable.name) {
            self.variables.push(variable);
        }
        reference
    }

    /// The Entra tenant.
    pub(super) fn tenant_id(&mut self) -> Expression {
        self.variable(Variable {
            name: "tenant_id",
            kind: "string",
            description: "Entra tenant.",
            default: None,
            example: "00000000-0000-0000-0000-000000000002".into(),
            secrecy: Secrecy::Open,
        })
    }

    /// Names a value, once however often it is needed, and refers to it.
    pub(super) fn local(&mut self, name: &str, value: impl Into<Expression>) -> Expression {
        if self.locals.iter().all(|(known, _)| known != name) {
            self.locals.push((name.to_owned(), value.into()));
        }
        Expression::local(name)
    }

    /// The id of a resource group in the stack's subscription.
    pub(super) fn group(&mut self, name: &str, resource_group: &str) -> Expression {
        let id = template([
            "/subscriptions/".into(),
            Expression::var("subscription_id").into(),
            format!("/resourceGroups/{resource_group}").into(),
        ]);
        self.local(name, id)
    }

    /// Tags of every resource.
    pub(super) fn tags(&mut self, tags: BTreeMap<String, String>) -> Expression {
        self.local("tags", Expression::map(tags))
    }

    /// Calls a module.
    pub(super) fn module(&mut self, label: &str, module: &'static str, inputs: Body) {
        self.modules.insert(module);
        let up = "../".repeat(self.path.split('/').count());
        let body = Body::new()
            .set("source", format!("{up}modules/{module}"))
            .gap()
            .extend(inputs);
        self.main.push(Block::labelled("module", [label], body));
    }

    /// Declares a resource of the stack itself.
    pub(super) fn resource(&mut self, kind: &str, label: &str, body: Body) {
        self.main.push(Block::labelled("resource", [kind, label], body));
    }

    /// Says something between the calls.
    pub(super) fn note(&mut self, text: &'static str) {
        self.main.note(text);
    }

    /// Hands something on.
    pub(super) fn output(&mut self, name: &str, description: &'static str, value: impl Into<Expression>) {
        self.outputs.push((name.to_owned(), description, value.into()));
    }

    /// Modules that it calls.
    pub(super) const fn modules(&self) -> &BTreeSet<&'static str> {
        &self.modules
    }

    /// Puts its files into the tree.
    pub(super) fn insert(self, tree: &mut FileTree) -> Result<(), Error> {
        let directory = format!("terraform/{}", self.path);
        let mut file = |name: &str, body: &Body| {
            if body.is_empty() {
                return Ok(());
            }
            tree.insert(format!("{directory}/{name}"), body.to_string())
        };
        file("terraform.tf", &settings(&self.state_key))?;
        file("main.tf", &self.main)?;
        let mut variables = Body::new();
        let mut example = Body::new().comment(EXAMPLE);
        for variable in &self.variables {
            variables.push(declaration(variable));
            example = example
                .gap()
                .comment(variable.description)
                .set(variable.name, variable.example.clone());
        }
        file("variables.tf", &variables)?;
        file("example.tfvars", &example)?;
        if !self.locals.is_empty() {
            let locals = self
                .locals
                .into_iter()
                .fold(Body::new(), |body, (name, value)| body.set(name, value));
            file("locals.tf", &Body::new().block(Block::new("locals", locals)))?;
        }
        let mut outputs = Body::new();
        for (name, description, value) in self.outputs {
            let body = Body::new().set("description", description).set("value", value);
            outputs.push(Block::labelled("output", [name], body));
        }
        file("outputs.tf", &outputs)?;
        Ok(())
    }
}

const EXAMPLE: &str =
    "Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.";

fn declaration(variable: &Variable) -> Block {
    let mut body = Body::new()
        .set("description", variable.description)
        .set("type", Expression::Type(variable.kind))
        .set_some("default", variable.default.clone());
    if variable.secrecy == Secrecy::Secret {
        body = body.set("sensitive", true);
    }
    Block::labelled("variable", [variable.name], body)
}

fn settings(state_key: &str) -> Body {
    let azurerm = Expression::map([("source", "hashicorp/azurerm"), ("version", "~> 5.10")]);
    let terraform = Body::new()
        .set("required_version", ">= 1.11")
        .block(Block::new(
            "required_providers",
            Body::new().set("azurerm", azurerm),
        ))
        .comment("Which account the state is in is said at `terraform init -backend-config=…`.")
        .block(Block::labelled(
            "backend",
            ["azurerm"],
            Body::new()
                .set("key", format!("{state_key}.tfstate"))
                .set("use_azuread_auth", true),
        ));
    let provider = Body::new()
        .set("subscription_id", Expression::var("subscription_id"))
        .set("storage_use_azuread", true)
        .block(Block::new("features", Body::new()));
    Body::new()
        .block(Block::new("terraform", terraform))
        .block(Block::labelled("provider", ["azurerm"], provider))
}
