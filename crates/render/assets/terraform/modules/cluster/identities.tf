# Two identities that Terraform makes itself, because their rights must exist before the cluster does: one for the
# control plane, one for the nodes.

resource "azurerm_user_assigned_identity" "control_plane" {
  name                = "id-${var.name}-control-plane"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_user_assigned_identity" "kubelet" {
  name                = "id-${var.name}-kubelet"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

locals {
  # Internal load balancers and Private Link services are made in the network; the cluster's name is written to its
  # private zone; nodes get the kubelet's identity.
  control_plane_roles = {
    network = { scope = var.network_id, role = "Network Contributor" }
    names   = { scope = var.private_dns_zone_id, role = "Private DNS Zone Contributor" }
    nodes   = { scope = azurerm_user_assigned_identity.kubelet.id, role = "Managed Identity Operator" }
  }
}

resource "azurerm_role_assignment" "control_plane" {
  for_each = local.control_plane_roles

  scope                            = each.value.scope
  role_definition_name             = each.value.role
  principal_id                     = azurerm_user_assigned_identity.control_plane.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true
}

resource "azurerm_role_assignment" "pull" {
  scope                            = var.registry_id
  role_definition_name             = "AcrPull"
  principal_id                     = azurerm_user_assigned_identity.kubelet.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true
}
