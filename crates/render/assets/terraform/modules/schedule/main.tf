# Switches an environment that nobody uses at night off and on again: first databases, then clusters, and back.
# Azure has no schedule of its own for either, so an automation account asks for it.

locals {
  starting = concat(var.database_ids, var.cluster_ids)
  stopping = reverse(local.starting)

  schedules = {
    start = { at = var.start_time, days = var.start_days, resources = local.starting }
    stop  = { at = var.stop_time, days = var.stop_days, resources = local.stopping }
  }
}

resource "azurerm_automation_account" "this" {
  name                          = "aa-${var.name}"
  resource_group_name           = var.resource_group_name
  location                      = var.location
  sku_name                      = "Basic"
  local_authentication_enabled  = false
  public_network_access_enabled = false
  tags                          = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
}

resource "azurerm_user_assigned_identity" "this" {
  name                = "id-${var.name}-schedule"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

# May start and stop these, and nothing else.
resource "azurerm_role_definition" "start_stop" {
  name        = "plimsoll-start-stop-${var.name}"
  scope       = var.resource_group_scopes[0]
  description = "Starts and stops clusters and databases of an environment that is not production."

  permissions {
    actions = [
      "Microsoft.ContainerService/managedClusters/read",
      "Microsoft.ContainerService/managedClusters/start/action",
      "Microsoft.ContainerService/managedClusters/stop/action",
      "Microsoft.DBforPostgreSQL/flexibleServers/read",
      "Microsoft.DBforPostgreSQL/flexibleServers/start/action",
      "Microsoft.DBforPostgreSQL/flexibleServers/stop/action",
    ]
  }

  assignable_scopes = var.resource_group_scopes
}

resource "azurerm_role_assignment" "start_stop" {
  count = length(var.resource_group_scopes)

  scope                            = var.resource_group_scopes[count.index]
  role_definition_id               = azurerm_role_definition.start_stop.role_definition_resource_id
  principal_id                     = azurerm_user_assigned_identity.this.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true
}

resource "azurerm_automation_runbook" "start_stop" {
  name                    = "start-stop"
  automation_account_name = azurerm_automation_account.this.name
  resource_group_name     = var.resource_group_name
  location                = var.location
  runbook_type            = "PowerShell72"
  log_progress            = false
  log_verbose             = false
  description             = "Starts or stops the environment's clusters and databases."
  content                 = file("${path.module}/start-stop.ps1")
  tags                    = var.tags
}

resource "azurerm_automation_schedule" "this" {
  for_each = local.schedules

  name                    = each.key
  automation_account_name = azurerm_automation_account.this.name
  resource_group_name     = var.resource_group_name
  description             = "When the environment is to ${each.key}."
  frequency               = "Week"
  interval                = 1
  week_days               = each.value.days
  timezone                = var.time_zone
  start_time              = "${var.first_day}T${each.value.at}:00Z"

  lifecycle {
    # Azure moves it on with every run.
    ignore_changes = [start_time]
  }
}

resource "azurerm_automation_job_schedule" "this" {
  for_each = local.schedules

  automation_account_name = azurerm_automation_account.this.name
  resource_group_name     = var.resource_group_name
  runbook_name            = azurerm_automation_runbook.start_stop.name
  schedule_name           = azurerm_automation_schedule.this[each.key].name

  parameters = {
    action    = each.key
    identity  = azurerm_user_assigned_identity.this.client_id
    resources = jsonencode(each.value.resources)
  }
}
