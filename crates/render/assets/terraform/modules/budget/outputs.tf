output "action_group_id" {
  description = "Who hears of it."
  value       = azurerm_monitor_action_group.this.id
}
