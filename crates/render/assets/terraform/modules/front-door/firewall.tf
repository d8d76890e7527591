# The web application firewall. Custom rules come first, in the order of their priority: hosts and paths that do not
# exist, addresses that may not be here, clients that ask too often; then Microsoft's own rules.
#
# Azure matches the whole address, `https://HOST:443/PATH?QUERY`, so a path is anchored behind the host.

locals {
  # A path of one purpose: any of its prefixes, as whole segments, however many slashes there are between them.
  path_expressions = {
    for purpose, path in var.paths : purpose => [for prefix in path.prefixes : local.prefix_expressions[prefix]]
  }
  prefix_expressions = {
    for prefix in concat(flatten([for path in values(var.paths) : path.prefixes]), var.never_served) :
    prefix => "^https?://[^/]+${replace(replace(trimsuffix(prefix, "/"), ".", "\\."), "/", "/+")}${endswith(prefix, "/") ? "/" : "(/|\\?|$)"}"
  }
  limited    = { for purpose, path in var.paths : purpose => path if length(path.allow) > 0 }
  priorities = { admin = 1, integration = 2, public = 3 }
}

resource "azurerm_cdn_frontdoor_firewall_policy" "this" {
  name                              = replace(var.name, "-", "")
  resource_group_name               = var.resource_group_name
  sku_name                          = azurerm_cdn_frontdoor_profile.this.sku_name
  enabled                           = true
  mode                              = var.waf_mode
  request_body_check_enabled        = true
  custom_block_response_status_code = 403
  tags                              = var.tags

  # One rule for all domains: AND within a rule, so a host that is neither known nor under a known wildcard is refused.
  custom_rule {
    name     = "UnknownHosts"
    type     = "MatchRule"
    priority = 10
    action   = "Block"

    dynamic "match_condition" {
      for_each = length(local.single) > 0 ? ["single"] : []

      content {
        match_variable     = "RequestHeader"
        selector           = "Host"
        operator           = "Equal"
        negation_condition = true
        match_values       = values(local.single)
        transforms         = ["Lowercase"]
      }
    }

    dynamic "match_condition" {
      for_each = length(local.wildcard) > 0 ? ["wildcard"] : []

      content {
        match_variable     = "RequestHeader"
        selector           = "Host"
        operator           = "EndsWith"
        negation_condition = true
        match_values       = [for host in values(local.wildcard) : trimprefix(host, "*")]
        transforms         = ["Lowercase"]
      }
    }
  }

  # Such as Odoo's database manager: for nobody, from nowhere.
  dynamic "custom_rule" {
    for_each = length(var.never_served) > 0 ? ["NeverServed"] : []

    content {
      name     = custom_rule.value
      type     = "MatchRule"
      priority = 20
      action   = "Block"

      match_condition {
        match_variable = "RequestUri"
        operator       = "RegEx"
        match_values   = [for prefix in var.never_served : local.prefix_expressions[prefix]]
        transforms     = ["Lowercase", "UrlDecode"]
      }
    }
  }

  # Nobody means this well, and it would let a path pass for another one.
  custom_rule {
    name     = "Traversal"
    type     = "MatchRule"
    priority = 25
    action   = "Block"

    match_condition {
      match_variable = "RequestUri"
      operator       = "RegEx"
      match_values   = ["^[^?]*/\\.\\.(/|\\?|$)"]
      transforms     = ["Lowercase", "UrlDecode"]
    }
  }

  dynamic "custom_rule" {
    for_each = local.limited

    content {
      name     = "Addresses${title(custom_rule.key)}"
      type     = "MatchRule"
      priority = 30 + local.priorities[custom_rule.key]
      action   = "Block"

      match_condition {
        match_variable = "RequestUri"
        operator       = "RegEx"
        match_values   = local.path_expressions[custom_rule.key]
        transforms     = ["Lowercase", "UrlDecode"]
      }

      match_condition {
        match_variable     = "SocketAddr"
        operator           = "IPMatch"
        negation_condition = true
        match_values       = custom_rule.value.allow
      }
    }
  }

  # Per client address and minute; bursts within a second are the ingress's business.
  dynamic "custom_rule" {
    for_each = var.paths

    content {
      name                           = "Rate${title(custom_rule.key)}"
      type                           = "RateLimitRule"
      priority                       = 50 + local.priorities[custom_rule.key]
      action                         = "Block"
      rate_limit_duration_in_minutes = 1
      rate_limit_threshold           = custom_rule.value.requests_per_minute

      match_condition {
        match_variable = "RequestUri"
        operator       = "RegEx"
        match_values   = local.path_expressions[custom_rule.key]
        transforms     = ["Lowercase", "UrlDecode"]
      }
    }
  }

  # Partners send documents: what looks like an injection in an EDI segment is an EDI segment. The gateway takes them
  # as data, from partners that proved who they are, so Microsoft's rules end here for the partners' path.
  dynamic "custom_rule" {
    for_each = { for purpose, path in var.paths : purpose => path if purpose == "integration" }

    content {
      name     = "Documents"
      type     = "MatchRule"
      priority = 60
      action   = "Allow"

      match_condition {
        match_variable = "RequestUri"
        operator       = "RegEx"
        match_values   = local.path_expressions[custom_rule.key]
        transforms     = ["Lowercase"]
      }
    }
  }

  managed_rule {
    type    = "Microsoft_DefaultRuleSet"
    version = "2.1"
    action  = "Block"

    # The web client searches with lists of conditions, which look like SQL and are not.
    override {
      rule_group_name = "SQLI"

      exclusion {
        match_variable = "RequestBodyJsonArgNames"
        operator       = "StartsWith"
        selector       = "params"
      }
    }
  }

  managed_rule {
    type    = "Microsoft_BotManagerRuleSet"
    version = "1.1"
    action  = "Block"
  }

  log_scrubbing {
    enabled = true

    scrubbing_rule {
      match_variable = "RequestHeaderNames"
      operator       = "Equals"
      selector       = "Authorization"
    }

    scrubbing_rule {
      match_variable = "RequestCookieNames"
      operator       = "Equals"
      selector       = "session_id"
    }
  }
}

resource "azurerm_cdn_frontdoor_security_policy" "this" {
  name                     = "firewall"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id

  security_policies {
    firewall {
      cdn_frontdoor_firewall_policy_id = azurerm_cdn_frontdoor_firewall_policy.this.id

      association {
        patterns_to_match = ["/*"]

        domain {
          cdn_frontdoor_domain_id = azurerm_cdn_frontdoor_endpoint.this.id
        }

        dynamic "domain" {
          for_each = local.domain_ids

          content {
            cdn_frontdoor_domain_id = domain.value
          }
        }
      }
    }
  }
}
