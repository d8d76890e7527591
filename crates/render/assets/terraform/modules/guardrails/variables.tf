variable "name" {
  description = "Begins the names of the assignments."
  type        = string
}

variable "subscription_id" {
  description = "Subscription of the environment."
  type        = string
}

variable "allowed_locations" {
  description = "Azure locations that anything may be in."
  type        = list(string)
}

variable "required_tags" {
  description = "Tags that every resource group has."
  type        = set(string)
}

variable "policy_definition_ids" {
  description = "Ids of Azure's built-in policies. Check them against your tenant: `az policy definition show --name ID`."
  type        = map(string)
  default = {
    allowed_locations               = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
    require_tag_on_groups           = "96670d01-0a4d-4649-9c89-2d3abc0a5025"
    no_public_ip_on_nic             = "83a86a26-fd1f-447c-b59d-e51f44264114"
    storage_without_public_access   = "b2982f36-99f2-4db5-8eff-283140c09693"
    storage_without_keys            = "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54"
    vault_without_public_access     = "405c5871-3e91-4644-8a63-58e19d68ff5b"
    vault_with_purge_protection     = "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"
    private_clusters                = "040732e8-d947-40b8-95d6-854c95024bf8"
    clusters_without_local_accounts = "993c2fcd-2b29-49d2-9eb0-df2c3a730c32"
    postgres_without_public_access  = "5e1de0e3-42cb-4ebc-a86d-61d0c619ca48"
  }
}
