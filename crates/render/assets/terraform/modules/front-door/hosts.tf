# Hosts of tenants that live in another active region than the default one are sent there: ten hosts to a rule and a
# hundred rules to a set, as Azure allows.

locals {
  host_rules = flatten([
    for region, hosts in var.hosts_elsewhere : [for part in chunklist(hosts, 10) : { region = region, hosts = part }]
  ])
  host_rule_sets = chunklist(local.host_rules, 100)
}

resource "azurerm_cdn_frontdoor_rule_set" "hosts" {
  count = length(local.host_rule_sets)

  name                     = "hosts${count.index + 1}"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
}

resource "azurerm_cdn_frontdoor_rule" "hosts" {
  count = length(local.host_rules)

  name                      = "hosts${count.index + 1}"
  cdn_frontdoor_rule_set_id = azurerm_cdn_frontdoor_rule_set.hosts[floor(count.index / 100)].id
  order                     = count.index % 100 + 1
  behaviour_on_match        = "Continue"

  conditions {
    host_name {
      operator   = "Equal"
      values     = local.host_rules[count.index].hosts
      transforms = ["Lowercase"]
    }
  }

  actions {
    route_configuration_override {
      caching {
        behaviour = "Disabled"
      }

      origin_group {
        cdn_frontdoor_origin_group_id = azurerm_cdn_frontdoor_origin_group.this[local.host_rules[count.index].region].id
        forwarding_protocol           = "HttpsOnly"
      }
    }
  }

  depends_on = [azurerm_cdn_frontdoor_origin.this]
}
