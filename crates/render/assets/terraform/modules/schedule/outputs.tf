output "automation_account_id" {
  description = "Id of the automation account."
  value       = azurerm_automation_account.this.id
}
