# What Azure refuses in this subscription, whoever asks: the last line behind reviews and the policy gate, which look
# at files and not at what somebody does in the portal.

locals {
  tag_assignments = {
    for tag in var.required_tags : "tag-${tag}" => {
      definition   = "require_tag_on_groups"
      display_name = "Resource groups have the tag ${tag}"
      parameters   = { tagName = { value = tag } }
    }
  }

  assignments = merge(local.tag_assignments, {
    locations = {
      definition   = "allowed_locations"
      display_name = "Only where the business's data may be"
      parameters   = { listOfAllowedLocations = { value = var.allowed_locations } }
    }
    no-public-nic = {
      definition   = "no_public_ip_on_nic"
      display_name = "No machine has a public address"
      parameters   = {}
    }
    private-storage = {
      definition   = "storage_without_public_access"
      display_name = "Storage is reached privately"
      parameters   = { effect = { value = "Deny" } }
    }
    keyless-storage = {
      definition   = "storage_without_keys"
      display_name = "Storage has no shared keys"
      parameters   = { effect = { value = "Deny" } }
    }
    private-vault = {
      definition   = "vault_without_public_access"
      display_name = "Vaults are reached privately"
      parameters   = { effect = { value = "Deny" } }
    }
    undeletable-vault = {
      definition   = "vault_with_purge_protection"
      display_name = "Vaults cannot be purged"
      parameters   = { effect = { value = "Deny" } }
    }
    private-cluster = {
      definition   = "private_clusters"
      display_name = "Clusters have no public control plane"
      parameters   = { effect = { value = "Deny" } }
    }
    directory-clusters = {
      definition   = "clusters_without_local_accounts"
      display_name = "Clusters know people by the directory only"
      parameters   = { effect = { value = "Deny" } }
    }
    private-postgres = {
      definition   = "postgres_without_public_access"
      display_name = "Databases are reached privately"
      parameters   = { effect = { value = "Audit" } }
    }
  })
}

resource "azurerm_subscription_policy_assignment" "this" {
  for_each = local.assignments

  name                 = "${var.name}-${each.key}"
  display_name         = each.value.display_name
  subscription_id      = "/subscriptions/${var.subscription_id}"
  policy_definition_id = "/providers/Microsoft.Authorization/policyDefinitions/${var.policy_definition_ids[each.value.definition]}"
  enforce              = true
  parameters           = length(each.value.parameters) == 0 ? null : jsonencode(each.value.parameters)

  non_compliance_message {
    content = "${each.value.display_name}. Change the estate file and render it again, or ask for a waiver there."
  }
}
