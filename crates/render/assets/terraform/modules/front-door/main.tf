# The one public entrance. Regions are reached by Private Link only: no ingress has a public address, and the clusters'
# Private Link services accept nobody else. After the first apply the recovery sagas own which region serves.

locals {
  # The paths of administrators and partners are longer than people's, so Azure tries them first.
  patterns = {
    for purpose, path in var.paths : purpose => flatten([
      for prefix in path.prefixes : endswith(prefix, "/") ? ["${prefix}*"] : [prefix, "${prefix}/*"]
    ])
  }
  groups   = toset([for origin in values(var.origins) : origin.serves_for])
  single   = { for name, host in var.domains : name => host if !startswith(host, "*.") }
  wildcard = { for name, host in var.domains : name => host if startswith(host, "*.") }
}

resource "azurerm_cdn_frontdoor_profile" "this" {
  name                     = var.name
  resource_group_name      = var.resource_group_name
  sku_name                 = "Premium_AzureFrontDoor"
  response_timeout_seconds = var.response_timeout_seconds
  tags                     = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  # Signed links carry their tokens in the query: they are not kept in logs.
  log_scrubbing_rule {
    match_variable = "QueryStringArgNames"
  }
}

# Reads the certificates of wildcard domains from their vault, and nothing else.
resource "azurerm_user_assigned_identity" "this" {
  name                = "id-${var.name}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_assignment" "certificates" {
  for_each = length(local.wildcard) > 0 ? { certificates = var.certificate_vault_id } : {}

  scope                            = each.value
  role_definition_name             = "Key Vault Secrets User"
  principal_id                     = azurerm_user_assigned_identity.this.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true
}

resource "azurerm_cdn_frontdoor_endpoint" "this" {
  name                     = var.name
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
  tags                     = var.tags
}

# One group per active region: itself, and the region that stands by for it.
resource "azurerm_cdn_frontdoor_origin_group" "this" {
  for_each = local.groups

  name                     = each.value
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
  session_affinity_enabled = var.sticky

  # Taking traffic back slowly is for caches; a region that is promoted must serve at once.
  restore_traffic_time_to_healed_or_new_endpoint_in_minutes = 0

  load_balancing {
    sample_size                        = 4
    successful_samples_required        = 3
    additional_latency_in_milliseconds = 0
  }

  health_probe {
    interval_in_seconds = 5
    path                = var.health_path
    protocol            = "Https"
    request_type        = "GET"
  }
}

resource "azurerm_cdn_frontdoor_origin" "this" {
  for_each = var.origins

  name                           = each.key
  cdn_frontdoor_origin_group_id  = azurerm_cdn_frontdoor_origin_group.this[each.value.serves_for].id
  host_name                      = each.value.host
  certificate_name_check_enabled = true
  enabled                        = each.value.enabled
  priority                       = each.value.priority
  weight                         = 1000
  https_port                     = 443

  private_link {
    location               = each.value.location
    private_link_target_id = each.value.private_link_service_id
    request_message        = "${var.name}: ${each.key}"
  }

  lifecycle {
    # Which region serves is decided by the recovery sagas, with a generation and a fence, never by an apply.
    ignore_changes = [enabled, priority]
  }
}

resource "azurerm_cdn_frontdoor_custom_domain" "managed" {
  for_each = local.single

  name                     = each.key
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
  host_name                = each.value
  dns_zone_id              = var.dns_zone_id

  tls {
    certificate_type = "ManagedCertificate"
    minimum_version  = var.tls_minimum_version
  }
}

# Azure manages no certificate of a wildcard: it comes from a vault, where it is renewed.
resource "azurerm_cdn_frontdoor_secret" "wildcard" {
  for_each = local.wildcard

  name                     = each.key
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id

  secret {
    customer_certificate {
      key_vault_certificate_id = var.wildcard_certificate_ids[each.value]
    }
  }

  depends_on = [azurerm_role_assignment.certificates]
}

resource "azurerm_cdn_frontdoor_custom_domain" "wildcard" {
  for_each = local.wildcard

  name                     = each.key
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
  host_name                = each.value
  dns_zone_id              = var.dns_zone_id

  tls {
    certificate_type        = "CustomerCertificate"
    cdn_frontdoor_secret_id = azurerm_cdn_frontdoor_secret.wildcard[each.key].id
    minimum_version         = var.tls_minimum_version
  }
}

locals {
  domain_ids = merge(
    { for name, domain in azurerm_cdn_frontdoor_custom_domain.managed : name => domain.id },
    { for name, domain in azurerm_cdn_frontdoor_custom_domain.wildcard : name => domain.id },
  )
}

resource "azurerm_cdn_frontdoor_route" "this" {
  for_each = local.patterns

  name                            = each.key
  cdn_frontdoor_endpoint_id       = azurerm_cdn_frontdoor_endpoint.this.id
  cdn_frontdoor_origin_group_id   = azurerm_cdn_frontdoor_origin_group.this[var.default_region].id
  cdn_frontdoor_origin_ids        = [for name, origin in azurerm_cdn_frontdoor_origin.this : origin.id if var.origins[name].serves_for == var.default_region]
  cdn_frontdoor_custom_domain_ids = values(local.domain_ids)
  cdn_frontdoor_rule_set_ids      = concat([azurerm_cdn_frontdoor_rule_set.headers.id], azurerm_cdn_frontdoor_rule_set.hosts[*].id)
  patterns_to_match               = each.value
  supported_protocols             = ["Http", "Https"]
  https_redirect_enabled          = true
  forwarding_protocol             = "HttpsOnly"
  link_to_default_domain          = false
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = var.log_analytics_workspace_ids

  name                       = "logs-${each.key}"
  target_resource_id         = azurerm_cdn_frontdoor_profile.this.id
  log_analytics_workspace_id = each.value

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
