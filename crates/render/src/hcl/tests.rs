use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::{Block, Body, Expression, template};

/// A small linear generator: seeded, so that a failure can be had again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 16] = [
            "$",
            "%",
            "a",
            "Z9",
            " ",
            "\"",
            "\\",
            "${",
            "%{",
            "$${",
            "}",
            "\n",
            "\t",
            "ü",
            "=",
            "# not a comment",
        ];
        (0..self.below(6))
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect()
    }

    fn name(&mut self) -> String {
        const NAMES: [&str; 6] = ["a", "name", "long_name", "with-dash", "x1", "a_much_longer_name"];
        format!("{}{}", NAMES[self.below(NAMES.len())], self.below(100))
    }

    fn expression(&mut self, depth: usize) -> Expression {
        let scalars = 6;
        match self.below(if depth == 0 { scalars } else { scalars + 2 }) {
            0 => Expression::Null,
            1 => Expression::Bool(true),
            2 => Expression::Number(self.below(10_000) as u64),
            3 => Expression::Text(self.text()),
            4 => Expression::var(&self.name()).at(&self.text()),
            5 => template([
                self.text().into(),
                Expression::local(&self.name()).into(),
                self.text().into(),
            ]),
            6 => Expression::list(
                (0..self.below(12))
                    .map(|_| self.expression(depth - 1))
                    .collect::<Vec<_>>(),
            ),
            _ => Expression::map(
                (0..self.below(6))
                    .map(|n| {
                        let key = if self.below(3) == 0 {
                            self.text()
                        } else {
                            self.name()
                        };
                        (format!("{key}{n}"), self.expression(depth - 1))
                    })
                    .collect::<Vec<_>>(),
            ),
        }
    }

    fn body(&mut self, depth: usize) -> Body {
        let mut body = Body::new();
        for n in 0..self.below(7) {
            body = match self.below(if depth == 0 { 6 } else { 8 }) {
                0 => body.comment("Why this is so.\nAnd a second line."),
                1 => body.gap(),
                2..6 => {
                    let name = format!("{}_{n}", self.name());
                    let value = self.expression(3);
                    body.set(name, value)
                }
                _ => {
                    let labels = [self.name()];
                    let inner = self.body(depth - 1);
                    body.block(Block::labelled("resource", labels, inner))
                }
            };
        }
        body
    }
}

/// `None` where there is no terraform.
fn formatted(text: &str) -> Option<String> {
    let mut child = Command::new("terraform")
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "terraform cannot read\n{text}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_is_written_is_what_terraform_fmt_writes() {
    for seed in 0..60 {
        // Many bodies in one file: starting terraform takes longer than formatting.
        let mut all = Body::new();
        let mut chance = Chance(seed);
        for _ in 0..20 {
            let inner = chance.body(3);
            all.push(Block::labelled("resource", ["a", "b"], inner));
        }
        let written = all.to_string();
        let Some(expected) = formatted(&written) else {
            eprintln!("SKIPPED: there is no terraform here, so nothing was compared with terraform fmt");
            return;
        };
        for (line, (ours, theirs)) in written.lines().zip(expected.lines()).enumerate() {
            assert_eq!(ours, theirs, "seed {seed}, line {}", line + 1);
        }
        assert_eq!(written.len(), expected.len(), "seed {seed}");
    }
}

#[test]
fn what_is_written_can_be_read_and_means_the_same() {
    for seed in 0..500 {
        let mut chance = Chance(seed);
        let text = chance.text();
        let body = Body::new().set("text", text.as_str());
        let read: hcl_edit::structure::Body = body
            .to_string()
            .parse()
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{body}"));
        let value = &read.get_attribute("text").unwrap().value;
        let meant = value.as_str().map_or_else(
            || {
                value
                    .as_template()
                    .map(|parts| {
                        parts
                            .iter()
                            .map(|part| part.as_literal().unwrap().to_string())
                            .collect()
                    })
                    .unwrap()
            },
            str::to_owned,
        );
        assert_eq!(meant, text, "seed {seed}: {body}");
        let whole = chance.body(3);
        whole
            .to_string()
            .parse::<hcl_edit::structure::Body>()
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{whole}"));
    }
}

#[test]
fn a_file_reads_like_one_that_a_person_wrote() {
    let body = Body::new().comment("The network.").block(Block::labelled(
        "module",
        ["network"],
        Body::new()
            .set("source", "../modules/network")
            .gap()
            .set("name", "vnet")
            .set("addresses", Expression::list(["10.0.0.0/16"]))
            .set("id", template([Expression::local("group").into(), "/x".into()]))
            .set(
                "tags",
                Expression::map([("a", "1"), ("long", "2"), ("with space", "3")]),
            )
            .set("last", Expression::var("zones").at("west-europe")),
    ));
    assert_eq!(
        body.to_string(),
        r#"# The network.
module "network" {
  source = "../modules/network"

  name      = "vnet"
  addresses = ["10.0.0.0/16"]
  id        = "${local.group}/x"
  tags = {
    a            = "1"
    long         = "2"
    "with space" = "3"
  }
  last = var.zones["west-europe"]
}
"#
    );
}
