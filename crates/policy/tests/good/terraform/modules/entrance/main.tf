resource "azurerm_cdn_frontdoor_profile" "this" {
  name = var.name
  tags = var.tags
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name               = "logs"
  target_resource_id = azurerm_cdn_frontdoor_profile.this.id
}

resource "azurerm_cdn_frontdoor_firewall_policy" "this" {
  name    = var.name
  enabled = true
  mode    = var.waf_mode
}

resource "azurerm_cdn_frontdoor_security_policy" "this" {
  name = var.name
}

resource "azurerm_cdn_frontdoor_custom_domain" "this" {
  name = var.domain

  tls {
    minimum_version = "TLS12"
  }
}
