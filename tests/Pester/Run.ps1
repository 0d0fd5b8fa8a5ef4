<#
.SYNOPSIS
    Runs all of these tests on one rehearsal and writes what came of each to a file of JSON. 'dotnet test' uses it; by hand it is
    Invoke-Pester tests/Pester.
#>
param(
    [Parameter(Mandatory)]
    [string] $Pester,

    [Parameter(Mandatory)]
    [string] $ResultPath,

    [string] $Path = $PSScriptRoot
)

$ErrorActionPreference = 'Stop'
Import-Module $Pester
. ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))

function ConvertTo-Row {
    param($Item, [string] $File, [string] $Name)

    @{
        File    = [System.IO.Path]::GetFileName($File)
        Name    = $Name
        Result  = "$($Item.Result)"
        Message = ($Item.ErrorRecord | ForEach-Object { "$_"; $_.DisplayStackTrace }) -join "`n"
    }
}

$null = Enter-Rehearsal
$global:SpotTrainerTests.Keep = $true
try {
    $run = Invoke-Pester -Configuration @{
        Run    = @{ Path = $Path; PassThru = $true }
        Output = @{ Verbosity = 'Normal'; RenderMode = 'Plaintext' }
    }
}
finally {
    $global:SpotTrainerTests.Keep = $false
    Exit-Rehearsal
}

$rows = @(
    $run.Tests | ForEach-Object { ConvertTo-Row $_ $_.Block.BlockContainer.Item $_.ExpandedPath }

    # Set-up that failed: the tests of the block only say that they failed.
    $run.FailedBlocks | Where-Object { $_.ErrorRecord } |
        ForEach-Object { ConvertTo-Row $_ $_.BlockContainer.Item "the set-up of $($_.ExpandedPath)" }
    $run.FailedContainers | ForEach-Object { ConvertTo-Row $_ $_.Item 'the file' }
)
ConvertTo-Json -InputObject $rows | Set-Content -LiteralPath "$ResultPath.part"
Move-Item -LiteralPath "$ResultPath.part" -Destination $ResultPath
