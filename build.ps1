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
        'Test' {
            Invoke-DotNet test
            $pester = Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -ge 5 }
            if ($pester -and (Test-Path tests/Pester)) {
                Import-Module Pester -MinimumVersion 5.0
                $result = Invoke-Pester tests/Pester -PassThru
                if ($result.Result -ne 'Passed') { exit 1 }
            }
            else {
                Write-Host 'The Pester tests were skipped because Pester 5 is not installed. Install it with: Install-Module Pester'
            }
        }
    }
}
finally {
    Pop-Location
}
