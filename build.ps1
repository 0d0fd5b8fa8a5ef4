<#
.SYNOPSIS
    Builds, tests, rehearses, or packages SpotTrainer. Each task is a dotnet command. This script only saves typing.
#>
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Rehearse', 'Package')]
    [string] $Task = 'Build'
)

$ErrorActionPreference = 'Stop'

function Invoke-DotNet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

Push-Location $PSScriptRoot
try {
    switch ($Task) {
        'Build' { Invoke-DotNet build }
        'Package' { Invoke-DotNet build module/Package.proj -c Release }
        'Rehearse' { Invoke-DotNet run --project src/SpotTrainer.Shell '--' examples/Rehearse-Training.ps1 }
        'Test' { Invoke-DotNet test }
    }
}
finally {
    Pop-Location
}
