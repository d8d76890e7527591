# A private Kubernetes cluster: no local accounts, no public address of its control plane, pods on an overlay network
# with policies enforced by Cilium. What runs in it comes from Git, see the module gitops.

locals {
  upgrade_settings = {
    # One node of a zone at a time, and no longer than a polite shutdown of Odoo needs.
    max_surge                     = "33%"
    drain_timeout_in_minutes      = 30
    node_soak_duration_in_minutes = 5
  }
}

resource "azurerm_kubernetes_cluster" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  node_resource_group = "${var.name}-nodes"
  location            = var.location
  kubernetes_version  = var.kubernetes_version
  sku_tier            = var.sku_tier
  tags                = var.tags

  dns_prefix_private_cluster          = var.name
  private_cluster_enabled             = true
  private_cluster_public_fqdn_enabled = false
  private_dns_zone_id                 = var.private_dns_zone_id
  run_command_enabled                 = false

  local_account_disabled            = true
  role_based_access_control_enabled = true
  oidc_issuer_enabled               = true
  workload_identity_enabled         = true

  azure_policy_enabled         = true
  cost_analysis_enabled        = var.sku_tier != "Free"
  image_cleaner_enabled        = true
  image_cleaner_interval_hours = 168

  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.control_plane.id]
  }

  kubelet_identity {
    client_id                 = azurerm_user_assigned_identity.kubelet.client_id
    object_id                 = azurerm_user_assigned_identity.kubelet.principal_id
    user_assigned_identity_id = azurerm_user_assigned_identity.kubelet.id
  }

  azure_active_directory_role_based_access_control {
    tenant_id          = var.tenant_id
    azure_rbac_enabled = true
  }

  # Pools are declared below, one per class of work: nothing adds nodes of sizes that nobody chose.
  node_provisioning_profile {
    mode = "Manual"
  }

  default_node_pool {
    name                        = var.system_pool.name
    vm_size                     = var.system_pool.vm_size
    type                        = "VirtualMachineScaleSets"
    zones                       = var.system_pool.zones
    auto_scaling_enabled        = true
    min_count                   = var.system_pool.nodes_min
    max_count                   = var.system_pool.nodes_max
    vnet_subnet_id              = var.subnet_id
    host_encryption_enabled     = true
    node_public_ip_enabled      = false
    os_sku                      = "AzureLinux"
    max_pods                    = 110
    node_labels                 = { (var.purpose_label) = var.system_pool.purpose }
    temporary_name_for_rotation = "rotation"
    tags                        = var.tags

    upgrade_settings {
      max_surge                     = local.upgrade_settings.max_surge
      drain_timeout_in_minutes      = local.upgrade_settings.drain_timeout_in_minutes
      node_soak_duration_in_minutes = local.upgrade_settings.node_soak_duration_in_minutes
    }
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
    pod_cidr            = var.pod_addresses
    service_cidr        = var.service_addresses
    dns_service_ip      = var.dns_address
    load_balancer_sku   = "standard"
    outbound_type       = "loadBalancer"

    # Partners allow-list these addresses, so they outlive the cluster.
    load_balancer_profile {
      outbound_ip_address_ids  = [for address in azurerm_public_ip.outbound : address.id]
      outbound_ports_allocated = 4096
      idle_timeout_in_minutes  = 30
    }
  }

  auto_scaler_profile {
    # Nodes come fast and go slowly: a peak in a warehouse comes back after the break.
    balance_similar_node_groups   = true
    expander                      = "least-waste"
    scale_down_delay_after_add    = "30m"
    scale_down_unneeded           = "20m"
    skip_nodes_with_local_storage = true
    max_graceful_termination_sec  = "900"
  }

  workload_autoscaler_profile {
    keda_enabled = true
  }

  oms_agent {
    log_analytics_workspace_id      = var.log_analytics_workspace_id
    msi_auth_for_monitoring_enabled = true
  }

  storage_profile {
    blob_driver_enabled         = false
    disk_driver_enabled         = true
    file_driver_enabled         = false
    snapshot_controller_enabled = true
  }

  dynamic "maintenance_window_auto_upgrade" {
    for_each = var.maintenance_window[*]

    content {
      frequency   = "Weekly"
      interval    = 1
      day_of_week = maintenance_window_auto_upgrade.value.day_of_week
      start_time  = maintenance_window_auto_upgrade.value.start_time
      utc_offset  = maintenance_window_auto_upgrade.value.utc_offset
      duration    = maintenance_window_auto_upgrade.value.duration_hours

      dynamic "not_allowed" {
        for_each = maintenance_window_auto_upgrade.value.not_allowed

        content {
          start = not_allowed.value.start
          end   = not_allowed.value.end
        }
      }
    }
  }

  dynamic "maintenance_window_node_os" {
    for_each = var.maintenance_window[*]

    content {
      frequency   = "Weekly"
      interval    = 1
      day_of_week = maintenance_window_node_os.value.day_of_week
      start_time  = maintenance_window_node_os.value.start_time
      utc_offset  = maintenance_window_node_os.value.utc_offset
      duration    = maintenance_window_node_os.value.duration_hours

      dynamic "not_allowed" {
        for_each = maintenance_window_node_os.value.not_allowed

        content {
          start = not_allowed.value.start
          end   = not_allowed.value.end
        }
      }
    }
  }

  lifecycle {
    # The upgrade channel moves the patch version by itself.
    ignore_changes = [kubernetes_version, default_node_pool[0].orchestrator_version]
  }

  depends_on = [azurerm_role_assignment.control_plane]
}

resource "azurerm_kubernetes_cluster_node_pool" "this" {
  for_each = var.node_pools

  name                        = each.key
  kubernetes_cluster_id       = azurerm_kubernetes_cluster.this.id
  mode                        = "User"
  vm_size                     = each.value.vm_size
  zones                       = each.value.zones
  auto_scaling_enabled        = true
  min_count                   = each.value.nodes_min
  max_count                   = each.value.nodes_max
  vnet_subnet_id              = var.subnet_id
  host_encryption_enabled     = true
  node_public_ip_enabled      = false
  os_sku                      = "AzureLinux"
  max_pods                    = 110
  node_labels                 = { (var.purpose_label) = each.value.purpose }
  node_taints                 = each.value.taints
  temporary_name_for_rotation = substr("r${each.key}", 0, 12)
  tags                        = var.tags

  upgrade_settings {
    max_surge                     = local.upgrade_settings.max_surge
    drain_timeout_in_minutes      = local.upgrade_settings.drain_timeout_in_minutes
    node_soak_duration_in_minutes = local.upgrade_settings.node_soak_duration_in_minutes
  }

  lifecycle {
    # Moved by the upgrade channel.
    ignore_changes = [orchestrator_version]
  }
}

resource "azurerm_public_ip" "outbound" {
  count = var.outbound_addresses

  name                = "pip-${var.name}-outbound-${count.index + 1}"
  resource_group_name = var.resource_group_name
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = var.zones
  tags                = var.tags

  lifecycle {
    # Partners have these addresses in their firewalls.
    prevent_destroy = true
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "logs"
  target_resource_id             = azurerm_kubernetes_cluster.this.id
  log_analytics_workspace_id     = var.log_analytics_workspace_id
  log_analytics_destination_type = "Dedicated"

  # Who changed what. `kube-audit` would add every read, at a hundred times the volume.
  dynamic "enabled_log" {
    for_each = ["kube-audit-admin", "guard", "cluster-autoscaler", "kube-controller-manager"]

    content {
      category = enabled_log.value
    }
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
