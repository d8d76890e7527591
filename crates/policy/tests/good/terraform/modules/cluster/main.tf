locals {
  allow_inbound = { access = "Allow", direction = "Inbound" }
  rules = [
    merge(local.allow_inbound, { name = "near", sources = var.near, ports = ["443"] }),
  ]
}

resource "azurerm_kubernetes_cluster" "this" {
  name                    = var.name
  tags                    = var.tags
  private_cluster_enabled = true
  local_account_disabled  = true
  run_command_enabled     = false

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
  }

  default_node_pool {
    name                    = "system"
    host_encryption_enabled = true
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "this" {
  name                    = "web"
  tags                    = var.tags
  host_encryption_enabled = true
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name               = "logs"
  target_resource_id = azurerm_kubernetes_cluster.this.id
}

resource "azurerm_network_security_group" "nodes" {
  name = "nodes"
  tags = var.tags

  security_rule {
    name                       = "front-door"
    direction                  = "Inbound"
    access                     = "Allow"
    source_address_prefix      = "AzureFrontDoor.Backend"
    destination_port_range     = "443"
    destination_address_prefix = "*"
  }

  dynamic "security_rule" {
    for_each = var.sites

    content {
      name                    = "sites"
      direction               = "Inbound"
      access                  = "Allow"
      source_address_prefixes = ["10.0.0.0/8"]
      destination_port_ranges = ["443", "8443"]
    }
  }
}
