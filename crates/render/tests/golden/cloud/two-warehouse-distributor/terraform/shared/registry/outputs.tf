output "login_server" {
  description = "Where images are pushed to and pulled from."
  value       = module.registry.login_server
}
