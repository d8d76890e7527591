use super::*;

fn read_all(path: &str, text: &str) -> Vec<Document> {
    read(path, text).unwrap_or_else(|error| panic!("{}: {}", error.line, error.message))
}

#[test]
fn a_yaml_file_is_its_documents_with_names_and_lines() {
    let text = "\
# a comment
apiVersion: v1
kind: Namespace
metadata: {name: erp}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: erp}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: erp}}
---
rules: [1, 2.5, -3, yes, null]
";
    let documents = read_all("k/a.yaml", text);
    let seen: Vec<_> = documents
        .iter()
        .map(|document| (document.at.as_str(), document.line))
        .collect();
    assert_eq!(
        seen,
        [
            ("k/a.yaml#Namespace/erp", 2),
            ("k/a.yaml#ConfigMap/erp/a", 6),
            ("k/a.yaml#ConfigMap/erp/b", 6),
            ("k/a.yaml", 12),
        ]
    );
    // `yes` is true, as it is to Kubernetes.
    let Content::Data(value) = &documents[3].content else {
        panic!("a file without kind is data");
    };
    assert_eq!(
        value.to_json_str().unwrap().replace(['\n', ' '], ""),
        r#"{"rules":[1,2.5,-3,true,null]}"#
    );
}

#[test]
fn terraform_blocks_become_values_and_blocks_within_them_lists() {
    let text = "\
terraform {
  required_version = \"1.9\"
}

resource \"azurerm_storage_account\" \"backup\" {
  name     = \"plim${var.suffix}\"
  https    = true
  days     = 35
  location = var.location
  tags     = { estate = \"acme\", \"a b\" = local.x[0] }
  network_rules {
    default_action = \"Deny\"
  }
  network_rules {
    ip_rules = [\"10.0.0.0/8\", -1]
  }
  note = <<-EOT
    two
    lines
  EOT
}
data \"azurerm_client_config\" \"me\" {}
";
    let documents = read_all("t/main.tf", text);
    let seen: Vec<_> = documents
        .iter()
        .map(|document| (document.at.as_str(), document.line))
        .collect();
    assert_eq!(
        seen,
        [
            ("t/main.tf#terraform", 1),
            ("t/main.tf#azurerm_storage_account.backup", 5),
            ("t/main.tf#data.azurerm_client_config.me", 22),
        ]
    );
    let Content::Terraform {
        label, name, body, ..
    } = &documents[1].content
    else {
        panic!("a block is Terraform");
    };
    assert_eq!(
        (label.as_str(), name.as_str()),
        ("azurerm_storage_account", "backup")
    );
    let seen: serde_json::Value = serde_json::from_str(&body.to_json_str().unwrap()).unwrap();
    assert_eq!(
        seen,
        serde_json::json!({
            "name": "plim${var.suffix}",
            "https": true,
            "days": 35,
            "location": "${var.location}",
            "tags": {"estate": "acme", "a b": "${local.x[0]}"},
            "network_rules": [{"default_action": "Deny"}, {"ip_rules": ["10.0.0.0/8", -1]}],
            "note": "two\nlines\n",
        })
    );
}

#[test]
fn what_cannot_be_read_says_where() {
    for (path, text, line) in [
        ("a.yaml", "a: 1\nb: [\n", 2),
        ("a.yaml", "a: 1\na: 2\n", 2),
        ("a.json", "{\n \"a\": }\n", 2),
        ("a.tf", "resource \"a\" \"b\" {\n  x = = 1\n}\n", 2),
    ] {
        let Err(error) = read(path, text) else {
            panic!("{text} was read");
        };
        assert!(
            error.line.abs_diff(line) <= 1,
            "{path}: line {} is not {line}: {}",
            error.line,
            error.message
        );
        assert!(!error.message.contains('\n'), "{}", error.message);
    }
    assert!(read_all("a.conf", "anything = {").is_empty());
}
