# Starts or stops clusters and databases, in the order they are given, as the identity of the automation account.
param(
    [Parameter(Mandatory = $true)][ValidateSet("start", "stop")][string] $Action,
    [Parameter(Mandatory = $true)][string] $Identity,
    [Parameter(Mandatory = $true)][string] $Resources
)

$ErrorActionPreference = "Stop"
Connect-AzAccount -Identity -AccountId $Identity | Out-Null

$versions = @{
    "Microsoft.ContainerService/managedClusters" = "2025-05-01"
    "Microsoft.DBforPostgreSQL/flexibleServers"  = "2024-08-01"
}

$failed = 0
foreach ($id in ($Resources | ConvertFrom-Json)) {
    $parts = $id.Trim("/").Split("/")
    $type = "$($parts[5])/$($parts[6])"
    $answer = Invoke-AzRestMethod -Method POST -Path "$id/$($Action)?api-version=$($versions[$type])"
    Write-Output "$Action $id : $($answer.StatusCode)"
    # 409: it is there already, or on its way.
    if ($answer.StatusCode -ge 400 -and $answer.StatusCode -ne 409) { $failed++ }
}
if ($failed -gt 0) { throw "$failed of the resources did not $Action" }
