//! Modules: real Terraform files, the same for every estate, because that is what a person can review.

use std::collections::BTreeSet;

use types::FileTree;

use crate::Error;

struct Module {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! modules {
    ($($name:literal: $($file:literal),+;)+) => {
        &[$(Module {
            name: $name,
            files: &[$((
                $file,
                include_str!(concat!("../../../assets/terraform/modules/", $name, "/", $file)),
            )),+],
        }),+]
    };
}

const MODULES: &[Module] = modules! {
    "access": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "budget": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "cache": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "certificate-doors": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "cluster": "identities.tf", "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "flexible-server": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "front-door": "firewall.tf", "headers.tf", "hosts.tf", "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "gitops": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "guardrails": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "network": "main.tf", "outputs.tf", "security.tf", "variables.tf", "versions.tf";
    "observability": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "peering": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "private-endpoint": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "registry": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "schedule": "main.tf", "outputs.tf", "start-stop.ps1", "variables.tf", "versions.tf";
    "site-gateway": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "storage": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "vault": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
    "workload-identity": "main.tf", "outputs.tf", "variables.tf", "versions.tf";
};

/// Puts the modules that some stack calls into the tree: what nobody calls, nobody needs to read.
pub(super) fn insert(called: &BTreeSet<&'static str>, tree: &mut FileTree) -> Result<(), Error> {
    for module in MODULES.iter().filter(|module| called.contains(module.name)) {
        for (file, text) in module.files {
            tree.insert(format!("terraform/modules/{}/{file}", module.name), *text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_every_module_is_in_the_list() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/terraform/modules");
        let mut on_disk: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for module in fs::read_dir(root).unwrap() {
            let module = module.unwrap();
            let mut files: Vec<_> = fs::read_dir(module.path())
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            on_disk.insert(module.file_name().into_string().unwrap(), files);
        }
        let listed: BTreeMap<String, Vec<String>> = MODULES
            .iter()
            .map(|module| {
                let files = module.files.iter().map(|(file, _)| (*file).to_owned()).collect();
                (module.name.to_owned(), files)
            })
            .collect();
        assert_eq!(listed, on_disk);
    }
}
