variable "cluster_id" {
  description = "Cluster that Flux runs in."
  type        = string
}

variable "repository" {
  description = "Git repository of the rendered tree. The branch is this environment's: promotion is a merge."
  type = object({
    url                = string
    branch             = string
    known_hosts_base64 = optional(string)
  })
}

variable "repository_key" {
  description = "Private SSH key that may read the repository, base64; null for a repository that needs none."
  type        = string
  sensitive   = true
  default     = null
}

variable "path" {
  description = "Path of the cluster's kustomization in the repository."
  type        = string
}

variable "substitutions" {
  description = "What only Azure knows and manifests need: client ids of identities, the tenant."
  type        = map(string)
}
