# Headers that every answer has, whatever the ERP says.

resource "azurerm_cdn_frontdoor_rule_set" "headers" {
  name                     = "headers"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.this.id
}

resource "azurerm_cdn_frontdoor_rule" "headers" {
  name                      = "headers"
  cdn_frontdoor_rule_set_id = azurerm_cdn_frontdoor_rule_set.headers.id
  order                     = 1
  behaviour_on_match        = "Continue"

  actions {
    dynamic "modify_response_header" {
      for_each = var.response_headers

      content {
        header_name  = modify_response_header.key
        operator     = "Overwrite"
        header_value = modify_response_header.value
      }
    }

    # Nobody outside needs to know what answers.
    modify_response_header {
      header_name = "Server"
      operator    = "Delete"
    }
  }
}
