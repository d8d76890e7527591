# Who may do what: roles that are there always, for those who only look, and roles that are asked for, with a reason,
# for a limited time. What a request needs is a property of the role at its scope, not of the group that asks.

locals {
  # Built-in roles; their ids are the same in every tenant.
  role_ids = {
    "Azure Kubernetes Service RBAC Admin"  = "3498e952-d568-435e-9b2c-8d77e338d7f7"
    "Azure Kubernetes Service RBAC Reader" = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
    "Contributor"                          = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    "Key Vault Secrets Officer"            = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
    "Log Analytics Reader"                 = "73c42c96-874c-492b-b04d-ab87d138a893"
    "Monitoring Reader"                    = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
    "Reader"                               = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    "Storage Blob Data Reader"             = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
  }
  role_definition_ids = {
    for name, id in local.role_ids : name => "/subscriptions/${var.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/${id}"
  }
}

resource "azurerm_role_assignment" "standing" {
  for_each = var.standing

  scope                = var.scope
  role_definition_name = each.value.role
  principal_id         = var.group_object_ids[each.value.group]
  principal_type       = "Group"
  description          = each.value.why
}

resource "azurerm_role_management_policy" "activation" {
  for_each = var.activation

  scope              = var.scope
  role_definition_id = local.role_definition_ids[each.key]

  activation_rules {
    maximum_duration                   = each.value.maximum_duration
    require_justification              = true
    require_multifactor_authentication = true
    require_approval                   = length(each.value.approvers) > 0

    dynamic "approval_stage" {
      for_each = length(each.value.approvers) > 0 ? ["approval"] : []

      content {
        dynamic "primary_approver" {
          for_each = each.value.approvers

          content {
            object_id = var.group_object_ids[primary_approver.value]
            type      = "Group"
          }
        }
      }
    }
  }

  eligible_assignment_rules {
    expiration_required = false
  }

  active_assignment_rules {
    expire_after                       = "P15D"
    require_justification              = true
    require_multifactor_authentication = true
  }

  notification_rules {
    eligible_activations {
      admin_notifications {
        default_recipients    = true
        notification_level    = "All"
        additional_recipients = var.notify
      }
    }
  }
}

resource "azurerm_pim_eligible_role_assignment" "just_in_time" {
  for_each = var.just_in_time

  scope              = var.scope
  role_definition_id = local.role_definition_ids[each.value.role]
  principal_id       = var.group_object_ids[each.value.group]
  justification      = each.value.why

  # What a request needs is in force before anybody can ask.
  depends_on = [azurerm_role_management_policy.activation]
}
