# What an environment may cost, and who hears of it; and who hears when Azure itself is in trouble.

resource "azurerm_monitor_action_group" "this" {
  name                = "ag-${var.name}"
  resource_group_name = var.resource_group_name
  short_name          = substr(replace(var.name, "-", ""), 0, 12)
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = var.contacts

    content {
      name                    = "contact-${email_receiver.key + 1}"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_consumption_budget_subscription" "this" {
  count = var.budget == null ? 0 : 1

  name            = var.name
  subscription_id = "/subscriptions/${var.subscription_id}"
  amount          = var.budget.monthly
  time_grain      = "Monthly"

  time_period {
    start_date = var.budget_start
  }

  # Only what this environment has, in case it shares its subscription.
  filter {
    dimension {
      name   = "ResourceGroupName"
      values = var.budget_resource_groups
    }
  }

  dynamic "notification" {
    for_each = toset([for percent in var.budget.alert_at_percent : tostring(percent)])

    content {
      operator       = "GreaterThanOrEqualTo"
      threshold      = tonumber(notification.value)
      threshold_type = "Actual"
      contact_groups = [azurerm_monitor_action_group.this.id]
    }
  }

  # Early enough to do something about it.
  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_groups = [azurerm_monitor_action_group.this.id]
  }

  lifecycle {
    # Azure refuses a start in another month than the first one.
    ignore_changes = [time_period]
  }
}

resource "azurerm_monitor_activity_log_alert" "service_health" {
  name                = "alert-${var.name}-service-health"
  resource_group_name = var.resource_group_name
  location            = "global"
  scopes              = ["/subscriptions/${var.subscription_id}"]
  description         = "Azure has an incident, plans maintenance or warns, where this environment runs."
  tags                = var.tags

  criteria {
    category = "ServiceHealth"

    service_health {
      events    = ["Incident", "Maintenance", "Security", "ActionRequired"]
      locations = concat(var.locations, ["Global"])
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}
