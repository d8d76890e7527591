module "front_door" {
  source = "../../../modules/front-door"

  name                = "two-warehouse-distributor-test-3d2ef7"
  resource_group_name = "two-warehouse-distributor-test-global"
  location            = "westeurope"

  domains = {
    any-test-erp-distribution-example-com = "*.test.erp.distribution.example.com"
  }
  wildcard_certificate_ids = var.wildcard_certificate_ids
  certificate_vault_id     = "${local.infrastructure_westeurope}/providers/Microsoft.KeyVault/vaults/two-warehouse-dis-oho2k3"
  dns_zone_id              = var.dns_zone_id
  tls_minimum_version      = "TLS12"

  origins = {
    westeurope = {
      host                    = "ingress-westeurope.test.erp.distribution.example.com"
      location                = "westeurope"
      private_link_service_id = "${local.nodes_westeurope}/providers/Microsoft.Network/privateLinkServices/two-warehouse-distributor-test-westeurope-ingress"
      serves_for              = "westeurope"
      priority                = 1
      enabled                 = true
    }
  }
  default_region           = "westeurope"
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
    westeurope = "${local.infrastructure_westeurope}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-test-westeurope-logs"
  }
  tags = local.tags
}
