resource "azurerm_role_assignment" "readers" {
  scope                = "/subscriptions/${var.subscription_id}"
  role_definition_name = "Reader"
  principal_type       = "Group"
  principal_id         = var.auditors
}

resource "azurerm_role_assignment" "deployer" {
  scope                = azurerm_resource_group.platform.id
  role_definition_name = "Contributor"
  principal_type       = "ServicePrincipal"
  principal_id         = var.deployer
}

resource "azurerm_resource_group" "platform" {
  name = var.name
  tags = var.tags
}

resource "azurerm_pim_eligible_role_assignment" "operators" {
  scope              = azurerm_resource_group.platform.id
  role_definition_id = var.contributor
  principal_id       = var.operators
}
