module "front_door" {
  source = "../../../modules/front-door"

  name                = "two-warehouse-distributor-recovery-7zgmen"
  resource_group_name = "two-warehouse-distributor-recovery-global"
  location            = "northeurope"

  domains = {
    any-recovery-erp-distribution-example-com = "*.recovery.erp.distribution.example.com"
  }
  wildcard_certificate_ids = var.wildcard_certificate_ids
  certificate_vault_id     = "${local.infrastructure_northeurope}/providers/Microsoft.KeyVault/vaults/two-warehouse-dis-xt7dxc"
  dns_zone_id              = var.dns_zone_id
  tls_minimum_version      = "TLS12"

  origins = {
    northeurope = {
      host                    = "ingress-northeurope.recovery.erp.distribution.example.com"
      location                = "northeurope"
      private_link_service_id = "${local.nodes_northeurope}/providers/Microsoft.Network/privateLinkServices/two-warehouse-distributor-recovery-northeurope-ingress"
      serves_for              = "northeurope"
      priority                = 1
      enabled                 = true
    }
  }
  default_region           = "northeurope"
  hosts_elsewhere          = {}
  health_path              = "/plimsoll/health"
  response_timeout_seconds = 65
  sticky                   = false

  waf_mode = "Prevention"
  paths = {
    public = {
      prefixes            = ["/"]
      requests_per_minute = 3000
      allow               = []
    }
    admin = {
      prefixes            = ["/json/", "/jsonrpc", "/xmlrpc", "/web/become"]
      requests_per_minute = 600
      allow               = []
    }
    integration = {
      prefixes            = ["/in/"]
      requests_per_minute = 12000
      allow               = []
    }
  }
  never_served = ["/web/database"]
  response_headers = {
    Referrer-Policy           = "strict-origin-when-cross-origin"
    Strict-Transport-Security = "max-age=31536000; includeSubDomains"
    X-Content-Type-Options    = "nosniff"
    X-Frame-Options           = "SAMEORIGIN"
  }

  log_analytics_workspace_ids = {
    northeurope = "${local.infrastructure_northeurope}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-recovery-northeurope-logs"
  }
  tags = local.tags
}
