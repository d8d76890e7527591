# Flux in a cluster, pointed at the rendered tree. Terraform ends here: everything in the cluster comes from Git, so
# that a release is a commit and never an apply.

resource "azurerm_kubernetes_cluster_extension" "flux" {
  name           = "flux"
  cluster_id     = var.cluster_id
  extension_type = "microsoft.flux"
  release_train  = "stable"

  configuration_settings = {
    "helm-controller.enabled"             = "true"
    "source-controller.enabled"           = "true"
    "kustomize-controller.enabled"        = "true"
    "notification-controller.enabled"     = "true"
    "image-automation-controller.enabled" = "false"
    "image-reflector-controller.enabled"  = "false"
    "multiTenancy.enforce"                = "true"
  }
}

resource "azurerm_kubernetes_flux_configuration" "this" {
  name                              = "plimsoll"
  cluster_id                        = var.cluster_id
  namespace                         = "flux-system"
  scope                             = "cluster"
  continuous_reconciliation_enabled = true

  git_repository {
    url                    = var.repository.url
    reference_type         = "branch"
    reference_value        = var.repository.branch
    ssh_private_key_base64 = var.repository_key
    ssh_known_hosts_base64 = var.repository.known_hosts_base64

    sync_interval_in_seconds = 60
    timeout_in_seconds       = 300
  }

  kustomizations {
    name                       = "cluster"
    path                       = var.path
    garbage_collection_enabled = true
    recreating_enabled         = false
    wait                       = true
    sync_interval_in_seconds   = 300
    retry_interval_in_seconds  = 60
    timeout_in_seconds         = 900

    post_build {
      substitute = var.substitutions
    }
  }

  depends_on = [azurerm_kubernetes_cluster_extension.flux]
}
